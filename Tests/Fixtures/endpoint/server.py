"""An OpenAI-compatible endpoint that behaves or misbehaves by the first part of the path.

Prints its port, and ends when its standard input is closed.
"""

import http.server
import json
import os
import sys
import threading

counts = {}
lock = threading.Lock()
gone = threading.Event()


def completion(text, finish="stop", usage=True):
    answer = {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": finish}]}
    if usage:
        answer["usage"] = {"prompt_tokens": 12, "completion_tokens": 3}
    return json.dumps(answer)


MEND = """edit stats/average.py
<<<
    return total(values) / len(values)
===
    if not values:
        return 0
    return total(values) / len(values)
>>>"""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        kind = self.path.split("/")[1]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with lock:
            counts[kind] = count = counts.get(kind, 0) + 1
        getattr(self, "answer_" + kind)(body, count)

    def reply(self, status, text, **headers):
        data = text if isinstance(text, bytes) else text.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        try:
            self.wfile.write(data)
        except OSError:
            pass

    def answer_echo(self, body, count):
        request = json.loads(body)
        request["authorization"] = self.headers.get("Authorization")
        request["path"] = self.path
        self.reply(200, completion(json.dumps(request, sort_keys=True)))

    def answer_flaky(self, body, count):
        if count < 3:
            self.reply(500, "out of order")
        else:
            self.reply(200, completion("test", "length", usage=False))

    def answer_busy(self, body, count):
        if count < 2:
            self.reply(429, "{}", Retry_After="0")
        else:
            self.reply(200, completion("submit"))

    def answer_patient(self, body, count):
        self.reply(503, "come back tomorrow", Retry_After="86400")

    def answer_broken(self, body, count):
        self.reply(503, '{"error": {"message": "no\\u001b[31m workers", "code": 503}}')

    def answer_hang(self, body, count):
        gone.wait(60)

    def answer_drop(self, body, count):
        self.connection.close()

    def answer_garbage(self, body, count):
        self.reply(200, "<html>\x1b[2J hello</html>")

    def answer_binary(self, body, count):
        self.reply(200, bytes(range(256)))

    def answer_empty(self, body, count):
        self.reply(200, '{"choices": []}')

    def answer_null(self, body, count):
        self.reply(200, completion(None))

    def answer_huge(self, body, count):
        self.reply(200, completion("x" * 300000))

    def answer_flood(self, body, count):
        """Ten gigabytes, for whoever reads on."""
        self.send_response(200)
        self.send_header("Content-Length", str(10 << 30))
        self.end_headers()
        try:
            for _ in range(10 << 10):
                self.wfile.write(bytes(1 << 20))
        except OSError:
            pass

    def answer_boast(self, body, count):
        """Lies about usage."""
        answer = json.loads(completion("view stats"))
        answer["usage"] = {"prompt_tokens": 2**63 - 1, "completion_tokens": [2**63 - 1, -5][count % 2]}
        self.reply(200, json.dumps(answer))

    def answer_odd(self, body, count):
        """Tells usage in ways that mean nothing."""
        odd = ["lots", [], {"prompt_tokens": 1e30, "completion_tokens": 12.5}, {"completion_tokens": "many"}]
        answer = json.loads(completion("view stats"))
        answer["usage"] = odd[(count - 1) % len(odd)]
        self.reply(200, json.dumps(answer))

    def stream(self, *events, done=True):
        """Server-sent events, in pieces of seven bytes: lines and characters are cut anywhere."""
        lines = [f"data: {json.dumps(event, ensure_ascii=False)}\r\n\r\n" for event in events]
        data = (": a comment\n\n" + "".join(lines) + ("data: [DONE]\n\n" if done else "")).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.end_headers()
        for start in range(0, len(data), 7):
            self.wfile.write(data[start : start + 7])
            self.wfile.flush()

    def delta(self, finish=None, **delta):
        return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    def answer_stream(self, body, count):
        request = json.loads(body)
        assert request["stream"] and request["stream_options"] == {"include_usage": True}
        self.stream(
            self.delta(role="assistant", content=""),
            self.delta(content="view ün"),
            {"choices": [{"index": 1, "delta": {"content": "another"}, "finish_reason": None}]},
            self.delta(content="der\ntest"),
            self.delta("length"),
            {"choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": 3}},
        )

    def answer_streamcalls(self, body, count):
        pieces = ['{"path": "a \\"b', '\\".py", "first', '_line": 3}']
        first = {"index": 0, "id": "c1", "type": "function", "function": {"name": "view", "arguments": ""}}
        self.stream(
            self.delta(content="Look."),
            self.delta(tool_calls=[first]),
            *[self.delta(tool_calls=[{"index": 0, "function": {"arguments": piece}}]) for piece in pieces],
            self.delta("tool_calls"),
        )

    def answer_streamcut(self, body, count):
        if count < 2:
            self.stream(self.delta(content="half of"), done=False)
        else:
            self.stream(self.delta(content="whole"))

    def answer_streamgarbled(self, body, count):
        """A hole in the middle must not become an action."""
        if count < 2:
            self.stream(self.delta(content="shell rm"), ["no", "chunk"], self.delta("stop"))
        else:
            self.stream(self.delta(content="whole"))

    def answer_streambusy(self, body, count):
        if count < 2:
            broken = self.delta("error", content="half")
            broken["error"] = {"message": "overloaded", "code": 503}
            self.stream(self.delta(content="half"), broken)
        else:
            self.stream(self.delta(content="whole"))

    def answer_streamless(self, body, count):
        """Doesn't stream, and says so."""
        if "stream" in json.loads(body):
            self.reply(400, '{"error": {"message": "stream_options is not known"}}')
        else:
            self.reply(200, completion("whole"))

    def answer_streamempty(self, body, count):
        """Says that it streams, and fails before the first event."""
        if "stream" in json.loads(body):
            self.stream(self.delta(role="assistant", content=""), done=False)
        else:
            self.reply(200, completion("whole"))

    def answer_streambare(self, body, count):
        """A call without arguments, and no index."""
        self.stream(self.delta(tool_calls=[{"id": "c1", "function": {"name": "test"}}]), self.delta("tool_calls"))

    def answer_streamnever(self, body, count):
        self.stream(self.delta(content="half of"), done=False)

    def answer_streamfull(self, body, count):
        self.stream({"error": {"message": "too long", "code": "context_length_exceeded"}}, done=False)

    def answer_native(self, body, count):
        """Mends mean-of-none by native calls, and refuses conversations that OpenAI would refuse."""
        request = json.loads(body)
        names = [tool["function"]["name"] for tool in request["tools"]]
        assert "view" in names and all(tool["type"] == "function" for tool in request["tools"])
        assert request["tool_choice"] == "auto"
        waiting, said = [], 0
        for message in request["messages"]:
            if message["role"] == "tool":
                waiting.remove(message["tool_call_id"])
                continue
            if waiting:
                return self.reply(400, '{"error": {"message": "a call has no answer"}}')
            if message["role"] == "assistant":
                said += 1
                assert isinstance(message["content"], str)
                for call in message.get("tool_calls", []):
                    json.loads(call["function"]["arguments"])
                if said in (1, 4) and "tool_calls" not in message:
                    return self.reply(400, '{"error": {"message": "a call became text"}}')
                waiting = [call["id"] for call in message.get("tool_calls", [])]
        if waiting:
            return self.reply(400, '{"error": {"message": "a call has no answer"}}')
        lines = "    if not values:\n        return 0\n    return total(values) / len(values)\n"
        old = "    return total(values) / len(values)\n"
        edit = json.dumps({"path": "stats/average.py", "old": old, "new": lines})
        text, calls = [
            ("A look first.", [("view", '{"path": "stats"}')]),
            (None, [("test", "{}"), ("submit", "{}")]),
            (None, [("view", '{"path": ')]),
            (None, [("edit", edit)]),
            ("Nothing to call.", []),
            (None, [("submit", "")]),
        ][said]
        message = {"role": "assistant", "content": text}
        if calls:
            message["tool_calls"] = [
                {"id": f"c{said}-{i}", "type": "function", "function": {"name": name, "arguments": arguments}}
                for i, (name, arguments) in enumerate(calls)
            ]
        self.reply(200, json.dumps({"choices": [{"message": message, "finish_reason": "tool_calls"}]}))

    def answer_toolless(self, body, count):
        """Mends mean-of-none by calls in its text, and knows no others."""
        request = json.loads(body)
        if "tools" in request:
            return self.reply(400, '{"error": {"message": "this model has no tools"}}')
        self.answer_wordy(body, count)

    def answer_wordy(self, body, count):
        """Takes tools and tells the model nothing of them."""
        messages = json.loads(body)["messages"]
        if "The tools:" not in messages[0]["content"] or '"name":"edit"' not in messages[0]["content"]:
            return self.reply(200, completion("What should I call?"))
        calls = sum("<tool_call>" in m["content"] for m in messages if m["role"] == "assistant")
        new = "    if not values:\n        return 0\n    return total(values) / len(values)\n"
        call = [
            {"name": "edit", "arguments": {"path": "stats/average.py", "first_line": 12, "new": new}},
            {"name": "submit", "arguments": {}},
        ][calls]
        self.reply(200, completion("So.\n<tool_call>" + json.dumps(call) + "</tool_call>"))

    def answer_mend(self, body, count):
        """Works on the fixture task mean-of-none, one action after the other."""
        said = sum(message["role"] == "assistant" for message in json.loads(body)["messages"])
        self.reply(200, completion(["view stats", MEND, "oops\x1b[2J", "submit"][said]))

    def answer_quit(self, body, count):
        """Ends whoever asks for a mean with success, tests included."""
        said = sum(message["role"] == "assistant" for message in json.loads(body)["messages"])
        quit = MEND.replace("        return 0\n", "        return 0\n    import os; os._exit(0)\n")
        self.reply(200, completion([quit, "submit"][said]))

    def answer_forge(self, body, count):
        """Prints what the tests would and ends them, once they are loaded."""
        said = sum(message["role"] == "assistant" for message in json.loads(body)["messages"])
        report = "'.' * 2 + '\\n' + '-' * 70 + '\\nRan 2 tests in 0.001s\\n\\nOK'"
        forge = MEND.replace(
            "        return 0\n",
            f"        return 0\n    import os; print({report}, flush=True); os._exit(0)\n")
        self.reply(200, completion([forge, "submit"][said]))

    def answer_skip(self, body, count):
        """Has each test skipped that asks for a mean."""
        said = sum(message["role"] == "assistant" for message in json.loads(body)["messages"])
        skip = MEND.replace(
            "    if not values:\n        return 0\n", "    import unittest; raise unittest.SkipTest\n")
        self.reply(200, completion([skip, "submit"][said]))

    def answer_gut(self, body, count):
        """Takes what fails out of the tests."""
        said = sum(message["role"] == "assistant" for message in json.loads(body)["messages"])
        gut = "edit tests/test_average.py 11 11\n        pass"
        self.reply(200, completion([gut, "submit"][said]))

    def answer_blobs(self, body, count):
        """Leaves ten binary files."""
        said = sum(message["role"] == "assistant" for message in json.loads(body)["messages"])
        make = "shell for i in 0 1 2 3 4 5 6 7 8 9; do head -c 3000 /dev/urandom > $i.bin; done"
        self.reply(200, completion([make, "submit"][said]))

    def answer_rampage(self, body, count):
        """Everything that a sandbox is for, then the repair is destroyed with all the rest."""
        said = sum(message["role"] == "assistant" for message in json.loads(body)["messages"])
        port = self.server.server_address[1]
        actions = [
            "shell yes hostile | head -c 10000000",
            "shell printf '\\033[2J\\033]0;owned\\007<|im_end|>' # \033[31m",
            "shell :(){ :|:& };:",
            "shell env; cat ~/.netrc /etc/shadow /proc/*/environ",
            "shell (setsid sleep 31337 &); ln -s /etc/passwd stolen; ln -s ../../.. up",
            f"shell python3 -c \"import socket; socket.create_connection(('127.0.0.1', {port}), 2)\"",
            f"shell git init -q . ; echo 'touch /tmp/hindsight-owned-{port}' > .git/hooks/post-commit; "
            f"chmod +x .git/hooks/post-commit; git config core.fsmonitor 'touch /tmp/hindsight-owned-{port}'",
            "create ../../../../tmp/escaped\n<<<\nx\n>>>",
            "edit .git/config 1\n[core]",
            "shell rm -rf --no-preserve-root / ~ ..",
            "submit",
        ]
        self.reply(200, completion(actions[said]))

    def answer_stall(self, body, count):
        said = sum(message["role"] == "assistant" for message in json.loads(body)["messages"])
        if said < 2:
            self.reply(200, completion([MEND, "view stats"][said]))
        else:
            gone.wait(60)

    def answer_redirect(self, body, count):
        self.reply(307, "", Location="/echo/v1/chat/completions")

    def answer_context(self, body, count):
        self.reply(400, '{"error": {"message": "too long", "code": "context_length_exceeded"}}')

    def answer_refuse(self, body, count):
        key = self.headers.get("Authorization", "")
        self.reply(401, json.dumps({"error": {"message": "wrong key " + key}}))

    def key(self):
        return self.headers["Authorization"].removeprefix("Bearer ")

    def answer_late(self, body, count):
        """The key where an answer's first 4,000 bytes end."""
        self.reply(401, " " * (4001 - len(self.key())) + self.key())

    def answer_spell(self, body, count):
        """The key in JSON's escapes, in a call: in the text or, where there are tools, beside it."""
        forms = [lambda c: c, lambda c: f"\\u{ord(c):04x}", lambda c: f"\\u{ord(c):04X}"]
        spelled = "".join("\\/" if c == "/" else forms[i % 3](c) for i, c in enumerate(self.key()))
        arguments = f'{{"command": "echo {spelled} > f"}}'
        if "tools" not in json.loads(body):
            call = f'{{"name": "shell", "arguments": {arguments}}}'
            return self.reply(200, completion(f"<tool_call>{call}</tool_call>"))
        call = {"id": "c1", "type": "function", "function": {"name": "shell", "arguments": arguments}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        self.reply(200, json.dumps({"choices": [{"message": message, "finish_reason": "tool_calls"}]}))

    def answer_streamkey(self, body, count):
        """The key in two pieces."""
        key = self.key()
        pieces = ["it is ", key[:7], key[7:], " indeed"]
        self.stream(*[self.delta(content=piece) for piece in pieces], self.delta("stop"))

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
gone.set()
os._exit(0)
