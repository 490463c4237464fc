#!/usr/bin/env python3
"""make bench-index: search beside notmuch and mu (Debian), on the same files.

  bench_index.py --hard      the hard messages of index/indextest/testdata/hard: which program finds which keyword
  bench_index.py             that, then the cost for 20,000 messages of the shared generator (make_perf.py): first run,
                             size, memory, eleven classes of queries, one message added, nothing changed, coverage

It also searches beside a rebuild and 100 single imports: 0 errors, and how much slower.

Every figure is of whole processes, in alternation: CPU is user + system of the process and its children, memory the
peak of the largest; medians. --count N for another size, --mean-kb K for smaller messages, --rounds N, --queries N.
--work DIR keeps mail, archive and databases there for the next time. Needs Python 3.11 and the corpora beside the
checkout (../shared or $LOSTPOST_SHARED).
"""
import argparse, hashlib, os, shutil, statistics, subprocess, sys, tempfile, time

import bench
from bench import Cost, HERE, LOSTPOST, SHARED, lostpost, peer_env, peer_index, peer_query, size

HARD = os.path.join(HERE, "index", "indextest", "testdata", "hard")
# How notmuch and mu write what the suite asks; they have no name for the rest.
PEER_WORDS = {"notmuch": [("filename:", "attachment:")], "mu": [("filename:", "file:")]}


def found(argv, env):
    return subprocess.run(argv, env=env, capture_output=True, text=True, errors="replace").stdout.splitlines()


def hard(tmp, env, peers):
    """Asks every program for every keyword."""
    rows = []
    with open(os.path.join(HARD, "keywords.tsv"), encoding="utf-8") as f:
        for line in f:
            if not line.startswith("#"):
                rows.append(line.rstrip("\n").split("\t"))
    mail = os.path.join(tmp, "hard", "cur")
    os.makedirs(mail, exist_ok=True)
    for name, _, _ in rows:
        shutil.copy(os.path.join(HARD, name + ".eml"), os.path.join(mail, name + ":2,S"))
    os.makedirs(os.path.join(tmp, "hard", "new"), exist_ok=True)
    os.makedirs(os.path.join(tmp, "hard", "tmp"), exist_ok=True)
    arc = os.path.join(tmp, "hard-archive")
    subprocess.run(lostpost("import", "-q", "-a", arc, os.path.join(tmp, "hard")), env=env, check=True)
    homes = {}
    for p in peers:
        homes[p] = os.path.join(tmp, "hard-" + p)
        peer_index(p, os.path.join(tmp, "hard"), homes[p], env)
    missed = {n: [] for n in ["lostpost", *peers]}
    for name, text, _ in rows:
        with open(os.path.join(HARD, name + ".eml"), "rb") as f:
            key = hashlib.sha256(f.read()).hexdigest()
        if not any(key in x for x in found(lostpost("search", "-a", arc, "--output", "files", text), env)):
            missed["lostpost"].append(name)
        for p in peers:
            q = text
            for ours, theirs in PEER_WORDS[p]:
                q = q.replace(ours, theirs)
            penv = peer_env(p, homes[p], env)
            argv = ["notmuch", "search", "--output=files", q] if p == "notmuch" else \
                ["mu", "find", "--muhome", os.path.join(homes[p], "db"), "--fields", "l", q]
            if not any("/" + name + ":" in x for x in found(argv, penv)):
                missed[p].append(name)
    print("hard messages found, of %d: " % len(rows) + ", ".join("%s %d" % (n, len(rows) - len(m)) for n, m in missed.items()))
    if missed["lostpost"]:
        print("not found by lostpost: " + " ".join(missed["lostpost"]))


def alternately(runs, rounds):
    """Runs each of name -> function in turn; gives name -> [Cost]."""
    out = {n: [] for n in runs}
    for i in range(rounds):
        for n, f in runs.items():
            out[n].append(f(i))
    return out


def median(costs, what=lambda c: c.cpu):
    return statistics.median(what(c) for c in costs)


def table(what, costs, unit=1000.0, name="ms"):
    print("%-28s" % what + "".join("%12s %8.1f %s" % (n, median(c) * unit, name) for n, c in costs.items()), flush=True)


def newest(mail, i):
    """Puts one more message into a Maildir and gives its path."""
    path = os.path.join(mail, "new", "bench-%d.host" % i)
    with open(path, "w") as f:
        f.write("From: a@kvist.example\nSubject: one more %d\nDate: Mon, 1 Jul 2024 10:00:00 +0000\nMessage-ID: <bench.%d@kvist.example>\n\nOne message more, number %d.\n" % (i, i, i))
    return path


def cost(a, work, env, peers):
    mail = os.path.join(work, "mail")
    if not os.path.exists(mail):
        subprocess.run([sys.executable, os.path.join(SHARED, "corpora/perf/make_perf.py"), "--count", str(a.count),
                        "--mean-kb", str(a.mean_kb), "--out", mail], check=True, stdout=subprocess.DEVNULL)
    octets = size(mail)
    print("\n%d messages, %.1f MB, %d cores, %s" % (a.count, octets / 1e6, os.cpu_count(), os.uname().machine))
    arc = os.path.join(work, "archive")
    if not os.path.exists(arc):
        subprocess.run(lostpost("import", "-q", "--no-index", "-a", arc, mail), env=env, check=True)

    runs = {"lostpost": lambda i: Cost(lostpost("index", "-a", arc, "--rebuild"), env)}
    for p in peers:
        def first(i, p=p):
            home = os.path.join(work, p)
            kept = os.path.exists(os.path.join(home, "done"))
            if kept and i == 0 and not a.again:
                return None
            shutil.rmtree(home, ignore_errors=True)
            c = peer_index(p, mail, home, env)
            open(os.path.join(home, "done"), "w").close()
            return c
        runs[p] = first
    costs = {n: [c for c in cs if c] for n, cs in alternately(runs, a.rounds).items()}
    costs = {n: c for n, c in costs.items() if c}
    table("first run", costs, 1, "s")
    print("%-28s" % "peak memory" + "".join("%12s %8.0f MB" % (n, max(c.mb for c in cs)) for n, cs in costs.items()))
    print("%-28s" % "index beside the mail" + "%12s %8.2f x " % ("lostpost", size(os.path.join(arc, "index")) / octets)
          + "".join("%12s %8.2f x " % (p, size(os.path.join(work, p, "db")) / octets) for p in peers))

    def add(i):
        return Cost(lostpost("import", "-q", "-a", arc, newest(mail, i)), env)
    runs = {"lostpost": add}
    for p in peers:
        runs[p] = lambda i, p=p: peer_index(p, mail, os.path.join(work, p), env, again=True)
    table("one message added", alternately(runs, a.rounds + 2))
    runs["lostpost"] = lambda i: Cost(lostpost("index", "-q", "-a", arc), env)
    table("nothing changed", alternately(runs, a.rounds + 2))
    for f in os.listdir(os.path.join(mail, "new")):
        if f.startswith("bench-"):
            os.remove(os.path.join(mail, "new", f))
    for how in ("--index", "--fast"):
        c = Cost(lostpost("check", how, "-a", arc), env, ok=None)
        print("%-28s%12s %8.1f ms CPU, %.1f ms" % ("check " + how, "lostpost", c.cpu * 1000, c.wall * 1000))
    beside(a, arc, mail, env)

    print("\nqueries as whole processes, the newest 20, median CPU ms of %d" % a.queries)
    medians = {}
    for name, text in bench.CLASSES:
        runs = {"lostpost": lambda i: Cost(lostpost("search", "-a", arc, text), env, ok=(0, 1))}
        for p in peers:
            runs[p] = lambda i, p=p: peer_query(p, os.path.join(work, p), name, text, env)
        costs = alternately(runs, a.queries)
        table(name, costs)
        for n, cs in costs.items():
            medians.setdefault(n, []).append(median(cs) * 1000)
    print("%-28s" % "median of the classes" + "".join("%12s %8.1f ms" % (n, statistics.median(m)) for n, m in medians.items()))


def beside(a, arc, mail, env):
    """Searches while the index is made anew and then takes single messages: errors, and how much slower."""
    def search():
        c = Cost(lostpost("search", "-a", arc, a.word), env, ok=None)
        return c, c.code not in (0, 1)
    idle = [search()[0] for _ in range(100)]
    writer = subprocess.Popen(["sh", "-c", '"$0" index -q -a "$1" --rebuild && for f in "$2"/*; do "$0" import -q -a "$1" "$f" || exit; done',
                               LOSTPOST, arc, one_by_one(mail)], env=env)
    busy, errors = [], 0
    while writer.poll() is None or len(busy) < 1000:
        c, failed = search()
        busy.append(c)
        errors += failed
    print("%-28s%12s %d searches, %d errors; median CPU %.1f ms idle, %.1f ms meanwhile (%.2f x); slowest %.1f and %.1f ms; writer's exit code %d" % (
        "rebuild and 100 updates", "lostpost", len(busy), errors, median(idle) * 1000, median(busy) * 1000, median(busy) / median(idle),
        max(c.cpu for c in idle) * 1000, max(c.cpu for c in busy) * 1000, writer.returncode))


def one_by_one(mail):
    """A folder of a hundred messages that nobody has yet."""
    folder = os.path.join(os.path.dirname(mail), "more")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    stamp = time.time_ns()
    for i in range(100):
        with open(os.path.join(folder, "%d.eml" % i), "w") as f:
            f.write("From: a@kvist.example\nSubject: meanwhile %d\nMessage-ID: <%d.%d@kvist.example>\n\nMeanwhile, %d.%d.\n" % (i, stamp, i, stamp, i))
    return folder


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--hard", action="store_true", help="only the hard messages")
    ap.add_argument("--count", type=int, default=20000)
    ap.add_argument("--mean-kb", type=int, default=20)
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--queries", type=int, default=10)
    ap.add_argument("--word", default="world", help="what is searched during the rebuild")
    ap.add_argument("--again", action="store_true", help="build the peers' kept databases anew")
    ap.add_argument("--work", help="folder that is kept")
    a = ap.parse_args()
    peers = [p for p in ("notmuch", "mu") if shutil.which(p)]
    if len(peers) < 2:
        print("missing peers are skipped: install notmuch and maildir-utils")
    with tempfile.TemporaryDirectory(prefix="lostpost-bench-") as tmp:
        env = dict(os.environ, XDG_STATE_HOME=tmp, TZ="UTC")
        hard(tmp, env, peers)
        if a.hard:
            return 0
        if not os.path.exists(os.path.join(SHARED, "corpora/perf/make_perf.py")):
            print("no corpora beside this checkout: nothing more to measure")
            return 0
        work = a.work or os.path.join(tmp, "work")
        os.makedirs(work, exist_ok=True)
        cost(a, work, env, peers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
