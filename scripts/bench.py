#!/usr/bin/env python3
"""make bench: what the main job costs, for 5,000 messages of the shared generator (make_perf.py).

  bench.py            import, decode, index, dump, the same again, eleven classes of queries: lostpost alone
  bench.py --peers    the same beside notmuch and mu (Debian), alternately on the same files

Every figure is of whole processes: CPU is user + system of the process and its children, memory is the peak of the
largest. Machines are noisy: compare within one run. Needs Python 3.11 and the corpora beside the checkout
(../shared or $LOSTPOST_SHARED). --count N for another size, --rounds N for more rounds.
"""
import argparse, os, shutil, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHARED = os.environ.get("LOSTPOST_SHARED") or os.path.join(HERE, "..", "shared")
LOSTPOST = os.path.join(HERE, "lostpost")

# The eleven classes. The words are those of the generator's vocabulary.
CLASSES = [
    ("rare word", "gosenuf"),
    ("word", "world"),
    ("common word", "the"),
    ("AND of two", "world year"),
    ("AND of common", '"the" "and" "is"'),
    ("phrase, rare", '"good state"'),
    ("phrase, common", '"of the"'),
    ("prefix", "saka*"),
    ("from", "from:greta"),
    ("date, one month", "date:2019-03-01..2019-03-31"),
    ("date, one year", "date:2019-01-01..2019-12-31"),
]
# notmuch takes every query as it stands; mu writes dates without hyphens.
MU = {"date, one month": "date:20190301..20190331", "date, one year": "date:20190101..20191231"}


class Cost:
    """CPU seconds, wall seconds and peak MB of one finished process."""

    def __init__(self, argv, env=None, ok=(0,)):
        start = time.monotonic()
        # A small shell in between, so that the peak of this script is not counted.
        p = subprocess.Popen(["/bin/sh", "-c", 'exec "$0" "$@"', *argv], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)
        err = p.stderr.read()
        _, status, ru = os.wait4(p.pid, 0)
        self.code = p.returncode = os.waitstatus_to_exitcode(status)
        self.wall = time.monotonic() - start
        self.cpu = ru.ru_utime + ru.ru_stime
        self.mb = ru.ru_maxrss / 1024
        if ok is not None and p.returncode not in ok:
            sys.exit("bench: %s ended with %d: %s" % (argv, p.returncode, err.decode(errors="replace")[-500:]))


def size(path):
    total = 0
    for d, _, files in os.walk(path):
        for f in files:
            total += os.lstat(os.path.join(d, f)).st_size
    return total


def lostpost(*args):
    return [LOSTPOST, *args]


def queries(run, label, rounds):
    print("\n%-18s %s" % ("query class", "".join("%22s" % n for n in label)))
    for name, text in CLASSES:
        rows = [[] for _ in run]
        for _ in range(rounds):
            for i, r in enumerate(run):
                rows[i].append(r(name, text).cpu * 1000)
        print("%-18s %s" % (name, "".join("%12.1f +- %4.1f ms" % (statistics.mean(r), statistics.pstdev(r)) for r in rows)))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--peers", action="store_true")
    ap.add_argument("--count", type=int, default=5000)
    ap.add_argument("--rounds", type=int, default=2)
    ap.add_argument("--queries", type=int, default=10, help="runs of each query")
    a = ap.parse_args()
    perf = os.path.join(SHARED, "corpora/perf/make_perf.py")
    if not os.path.exists(perf):
        print("no corpora beside this checkout: nothing to measure")
        return 0
    peers = [p for p in ("notmuch", "mu") if a.peers and shutil.which(p)]
    if a.peers and len(peers) < 2:
        print("missing peers are skipped: install notmuch and maildir-utils")
    with tempfile.TemporaryDirectory(prefix="lostpost-bench-") as tmp:
        mail = os.path.join(tmp, "mail")
        subprocess.run([sys.executable, perf, "--count", str(a.count), "--out", mail], check=True, stdout=subprocess.DEVNULL)
        octets = size(mail)
        print("%d messages, %.1f MB, %d cores, %s" % (a.count, octets / 1e6, os.cpu_count(), os.uname().machine))
        env = dict(os.environ, XDG_STATE_HOME=tmp, TZ="UTC")
        print("\n%-34s %8s %8s %8s %10s %8s" % ("what", "CPU s", "wall s", "peak MB", "messages/s", "MB/s"))

        def row(what, c):
            print("%-34s %8.2f %8.2f %8.0f %10.0f %8.1f" % (what, c.cpu, c.wall, c.mb, a.count / c.wall, octets / 1e6 / c.wall), flush=True)

        for r in range(a.rounds):
            arc = os.path.join(tmp, "a%d" % r)
            row("lostpost import + index", Cost(lostpost("import", "-a", arc, mail), env))
            for p in peers:
                row(p, peer_index(p, mail, os.path.join(tmp, "%s%d" % (p, r)), env))
        arc = os.path.join(tmp, "a0")
        row("lostpost the same again", Cost(lostpost("import", "-a", arc, mail), env))
        for p in peers:
            row(p + " the same again", peer_index(p, mail, os.path.join(tmp, p + "0"), env, again=True))
        bare = os.path.join(tmp, "bare")
        row("import alone (--no-index)", Cost(lostpost("import", "--no-index", "-a", bare, mail), env))
        row("index alone", Cost(lostpost("index", "-a", bare), env))
        row("decode alone (text to nowhere)", Cost(lostpost("text", mail), env, ok=None))
        texts = os.path.join(tmp, "texts")
        # Exit code 3: some message of the generator has a part that cannot be read whole.
        row("dump to text files", Cost(lostpost("dump", "-a", arc, "-o", texts), env, ok=(0, 3)))
        row("the same dump again", Cost(lostpost("dump", "-a", arc, "-o", texts), env, ok=(0, 3)))
        row("check", Cost(lostpost("check", "-a", arc), env))
        print("\nindex beside the mail: lostpost %.2f x" % (size(os.path.join(arc, "index")) / octets), end="")
        for p in peers:
            print(", %s %.2f x" % (p, size(os.path.join(tmp, p + "0", "db")) / octets), end="")
        print()
        run, label = [lambda name, text: Cost(lostpost("search", "-a", arc, text), env, ok=(0, 1))], ["lostpost"]
        for p in peers:
            run.append(lambda name, text, p=p: peer_query(p, os.path.join(tmp, p + "0"), name, text, env))
            label.append(p)
        queries(run, label, a.queries)
    return 0


def peer_env(p, home, env):
    return dict(env, HOME=home, NOTMUCH_CONFIG=os.path.join(home, "config"), XDG_CACHE_HOME=home, MUHOME=os.path.join(home, "db"))


def peer_index(p, mail, home, env, again=False):
    env = peer_env(p, home, env)
    db = os.path.join(home, "db")
    if not again:
        os.makedirs(db, exist_ok=True)
        if p == "notmuch":
            with open(os.path.join(home, "config"), "w") as f:
                f.write("[database]\npath=%s\nmail_root=%s\n[user]\nname=a\nprimary_email=a@example.org\n[new]\ntags=new\n" % (db, mail))
        else:
            subprocess.run(["mu", "init", "--muhome", db, "--maildir", mail], env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if p == "notmuch":
        return Cost(["notmuch", "new"], env)
    return Cost(["mu", "index", "--muhome", db], env)


def peer_query(p, home, name, text, env):
    env = peer_env(p, home, env)
    if p == "notmuch":
        return Cost(["notmuch", "search", "--limit=20", "--sort=newest-first", text], env, ok=None)
    return Cost(["mu", "find", "--muhome", os.path.join(home, "db"), "-n", "20", "--sortfield=date", "--reverse", MU.get(name, text)], env, ok=None)


if __name__ == "__main__":
    sys.exit(main())
