/// How a run of Python's tests reports what the program under test can't say in its stead.
///
/// Our own program stands in for the test command (``PythonTestCall``): bound read-only into the sandbox from
/// outside the workspace, without anything of the repository on Python's path, so that no `sitecustomize.py` or
/// `unittest.py` gets in its way, it imports what it needs before the repository's code can be imported.
/// Outcomes don't travel over standard output, where the program under test prints as well, but are appended
/// to a report file; each line is signed (HMAC-SHA-256) with a key of this run, that the runner reads from a file
/// and deletes before any code of the repository runs. So printed reports, `os._exit(0)`, exit hooks and lines
/// appended by others are no passes: ``SignedReport`` refuses a wrong signature, a gap and a missing end.
/// It also notices when the test framework's own classes are altered.
///
/// The limit of this: the tests and the code under test share one process, so code that searches the
/// interpreter's memory for the key, or an object that claims to equal everything, can still cheat.
enum ReportChannel {
  /// The beginning of each runner's program.
  static let source = #"""
    """Runs tests and signs what happens; see ReportChannel.swift."""

    import hashlib, hmac, json, os, sys, traceback


    def cut(text, limit=6000):
        text = text.encode("utf-8", "replace").decode("utf-8")
        if len(text) <= limit:
            return text
        return text[: limit // 3] + "\n[...]\n" + text[-limit * 2 // 3 :]


    def open_channel(folder):
        """Returns a function that appends one signed event to the report."""
        path = os.path.join(folder, "key")
        with open(path, "rb") as file:
            key = file.read()
        os.unlink(path)
        report = os.open(
            os.path.join(folder, "report"),
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        base, dumps, write, getpid = hmac.new(key, b"", hashlib.sha256), json.dumps, os.write, os.getpid
        owner, count = getpid(), 0

        def emit(event, **fields):
            nonlocal count
            if getpid() != owner:  # a test forked: only the first process reports
                return
            line = dumps({"n": count, "event": event, **fields}).encode()
            count += 1
            mac = base.copy()
            mac.update(line)
            write(report, mac.hexdigest().encode() + b" " + line + b"\n")

        return emit


    FREE = {"maxDiff", "longMessage", "_diffThreshold", "__doc__", "__abstractmethods__",
            "_abc_impl", "_classSetupFailed", "_class_cleanups"}


    def watch(kinds):
        """Returns a function that names what has been altered in classes or modules since now."""
        before = [(kind, dict(vars(kind))) for kind in kinds]
        modules = {name: sys.modules[name] for name in {kind.__module__ for kind in kinds}}

        def altered():
            for name, module in modules.items():
                if sys.modules.get(name) is not module:
                    return name
            for kind, members in before:
                now = vars(kind)
                for name in {*members, *(n for n in now if n.startswith("__"))} - FREE:
                    if now.get(name) is not members.get(name):
                        return kind.__name__ + "." + name
            return None

        return altered


    def python_path():
        """The caller's PYTHONPATH, which Python itself was started without."""
        text = os.environ.pop("HINDSIGHT_PYTHONPATH", "")
        if text:
            os.environ["PYTHONPATH"] = text  # for the processes that tests start
        return [os.path.abspath(p) for p in text.split(os.pathsep) if p]


    ROOT = os.getcwd()

    """#
}
