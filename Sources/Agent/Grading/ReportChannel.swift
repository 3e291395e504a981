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

    import hashlib, hmac, importlib.util, json, os, sys, traceback, types, unittest.case


    def clean(text):
        return text.encode("utf-8", "replace").decode("utf-8")


    def cut(text, limit=6000):
        text = clean(text)
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
            "_abc_impl", "_classSetupFailed", "_class_cleanups", "shortDescription"}


    def is_own(path):
        """Whether a path is the repository's root or lies below it."""
        return (os.path.realpath(path) + os.sep).startswith(os.path.realpath(ROOT) + os.sep)


    def is_plugin(value):
        """Whether it is a function of an installed module: plugins alter their framework."""
        scope = getattr(getattr(value, "__func__", value), "__globals__", {})
        return bool(scope.get("__file__")) and not is_own(scope["__file__"])


    def watch(emit, kinds, functions=()):
        """Returns a function that reports what the repository has altered since now, and the test it is known after.

        - kinds: classes.
        - functions: modules, and their functions' names.
        """
        before = [(kind, dict(vars(kind))) for kind in kinds]
        before.append((unittest.case, {"_ShouldStop": ()}))
        before += [(module, {name: vars(module)[name] for name in names if name in vars(module)})
                   for module, names in functions]
        modules = {name: sys.modules[name] for name in {kind.__module__ for kind in kinds}}

        def altered():
            for name, module in modules.items():
                if sys.modules.get(name) is not module:
                    return name
            for owner, members in before:
                now = vars(owner)
                added = {n for n in now if n.startswith("__")} if isinstance(owner, type) else set()
                for name in {*members, *added} - FREE:
                    value = now.get(name)
                    if value is not members.get(name) and not is_plugin(value):
                        return owner.__name__ + "." + name
            return None

        def check(id=""):
            what = altered()
            if what:
                emit("tampered", id=id, detail=what)

        return check


    def python_path():
        """The caller's PYTHONPATH, which Python itself was started without."""
        text = os.environ.pop("HINDSIGHT_PYTHONPATH", "")
        if text:
            os.environ["PYTHONPATH"] = text  # for the processes that tests start
        return [os.path.abspath(p) for p in text.split(os.pathsep) if p]


    def stand_in(name):
        """Makes `__main__` what it is when the framework is called by itself; returns its file.

        Processes that tests start import it anew, and nobody finds this program there.
        """
        spec = importlib.util.find_spec(name)
        module = types.ModuleType("__main__")
        module.__spec__, module.__file__ = spec, spec.origin
        KEPT.append(sys.modules["__main__"])
        sys.modules["__main__"] = module
        return spec.origin


    def report_on(run, emit):
        """Runs the tests and ends the process with what `run` returns."""
        flush, leave, getpid = sys.stdout.flush, os._exit, os.getpid
        status, owner = 1, getpid()
        emit("begin", python=sys.version.split()[0])
        try:
            status = run()
        except BaseException as error:
            text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
            emit("load-error", detail=cut(text.replace(ROOT + os.sep, "")))
        finally:
            try:
                flush()
            finally:
                leave(status if getpid() == owner else 0)


    ROOT, KEPT = os.getcwd(), []
    # Whoever raises it ends a test as passed.
    unittest.case._ShouldStop = ()

    """#
}
