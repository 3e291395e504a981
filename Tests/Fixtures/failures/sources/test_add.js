const test = require("node:test");
const assert = require("node:assert");

const add = (a, b) => a + b + (a > 2 ? 1 : 0);

test("small numbers", () => assert.strictEqual(add(1, 2), 3));
test("adds", () => {
  assert.strictEqual(add(3, 1), 4);
});
test("an object", () => assert.deepStrictEqual({ sum: add(3, 1) }, { sum: 4 }));
test("throws", () => { null.length; });
