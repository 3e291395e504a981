"""What OpenAI's own client gets from `hindsight serve`: python Tests/Clients/openai_client.py ADDRESS KEY."""

import sys
from concurrent.futures import ThreadPoolExecutor

import openai

address, key = sys.argv[1:]
client = openai.OpenAI(base_url=address, api_key=key, max_retries=0, timeout=120)
hello = [{"role": "user", "content": "Say hello."}]


def refused(kind, **fields):
    try:
        client.chat.completions.create(**{"model": "any", "messages": hello, "max_tokens": 4, **fields})
    except kind as error:
        return error
    raise AssertionError(f"{fields} was taken")


name = client.models.list().data[0].id
assert client.models.retrieve(name).id == name
try:
    client.models.retrieve("another")
    raise AssertionError("a model that isn't there was found")
except openai.NotFoundError as error:
    assert error.code == "model_not_found", error
ask = {"model": name, "messages": hello, "max_tokens": 24, "seed": 7}

whole = client.chat.completions.create(**ask)
assert whole.choices[0].message.role == "assistant" and whole.choices[0].message.content
assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens
assert client.chat.completions.create(**ask).choices[0].message.content == whole.choices[0].message.content

# A stream says the same, piece by piece.
pieces = list(client.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True}))
assert "".join(p.choices[0].delta.content or "" for p in pieces if p.choices) == whole.choices[0].message.content
assert pieces[-1].usage == whole.usage and pieces[-2].choices[0].finish_reason == whole.choices[0].finish_reason

several = client.chat.completions.create(**{**ask, "seed": 1}, n=3, temperature=1.2)
assert len({c.message.content for c in several.choices}) > 1 and [c.index for c in several.choices] == [0, 1, 2]

cut = client.chat.completions.create(**{**ask, "max_tokens": 40}, temperature=0)
middle = cut.choices[0].message.content[2:5]
stopped = client.chat.completions.create(**{**ask, "max_tokens": 40}, temperature=0, stop=[middle, "\x01"])
assert stopped.choices[0].finish_reason == "stop"
assert stopped.choices[0].message.content == cut.choices[0].message.content.split(middle)[0]

likely = client.chat.completions.create(**ask, logprobs=True, top_logprobs=3).choices[0].logprobs.content
for token in likely:
    assert len(token.top_logprobs) == 3 and token.logprob <= 0
    assert token.logprob <= token.top_logprobs[0].logprob + 1e-5
    same = [t for t in token.top_logprobs if t.bytes == token.bytes]
    assert not same or abs(same[0].logprob - token.logprob) < 1e-4

plain = client.completions.create(
    model=name, prompt=["The capital of France is", "1, 2, 3,"], max_tokens=4, temperature=0, logprobs=2)
assert "Paris" in plain.choices[0].text and "4" in plain.choices[1].text
assert len(plain.choices[0].logprobs.tokens) == len(plain.choices[0].logprobs.token_logprobs)

# Tools pass through; a small model may or may not call them.
tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
called = client.chat.completions.create(**ask, tools=[tool], tool_choice="auto")
assert called.usage.prompt_tokens > whole.usage.prompt_tokens
forced = client.chat.completions.create(
    **ask, tools=[tool], tool_choice={"type": "function", "function": {"name": "look"}})
assert [call.function.name for call in forced.choices[0].message.tool_calls] == ["look"]
other = {"type": "function", "function": {"name": "touch", "parameters": {"type": "object", "properties": {}}}}
required = client.chat.completions.create(**ask, tools=[tool, other], tool_choice="required")
assert [call.function.name for call in required.choices[0].message.tool_calls] in (["look"], ["touch"])
untold = client.chat.completions.create(**ask, tools=[tool], tool_choice="none")
assert untold.choices[0].message.content == whole.choices[0].message.content
talk = hello + [
    {"role": "assistant", "content": None, "tool_calls": [
        {"id": "a", "type": "function", "function": {"name": "look", "arguments": "{}"}}]},
    {"role": "tool", "tool_call_id": "a", "content": "nothing there"},
]
assert client.chat.completions.create(model=name, messages=talk, tools=[tool], max_tokens=8).choices

# Refusals have the class that the client's users expect.
assert "temperature" in str(refused(openai.BadRequestError, temperature=-1))
assert "n" in str(refused(openai.BadRequestError, n=1000))
assert "presence_penalty" in str(refused(openai.BadRequestError, presence_penalty=1))
long = refused(openai.BadRequestError, messages=[{"role": "user", "content": "word " * 20000}])
assert long.code == "context_length_exceeded", long
try:
    openai.OpenAI(base_url=address, api_key="wrong", max_retries=0).models.list()
    raise AssertionError("a wrong key was taken")
except openai.AuthenticationError:
    pass

# Many at a time: the same answers as alone.
with ThreadPoolExecutor(8) as pool:
    asked = list(pool.map(lambda seed: client.chat.completions.create(**{**ask, "seed": seed}), [7] * 4 + [8] * 4))
assert len({a.choices[0].message.content for a in asked[:4]}) == 1
# A client that leaves in the middle of a stream leaves nothing behind.
stream = client.chat.completions.create(**{**ask, "max_tokens": 2000}, stream=True)
next(iter(stream))
stream.close()
assert client.chat.completions.create(**ask).choices[0].message.content == whole.choices[0].message.content
print("openai", openai.__version__, "is content")
