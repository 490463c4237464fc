#!/usr/bin/env python3
"""make score: runs every scorer that fits what is built, and holds the best figures reached (scores.tsv).

Each row of scores.tsv is: name, best figure, of how many. A figure below its best fails the run. `score.py --update`
writes figures that are better than the recorded ones. Needs Python 3.11, zstd, and the corpora beside the checkout
(../shared or $LOSTPOST_SHARED); without them it says so and ends with 0.
"""
import json, os, re, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHARED = os.environ.get("LOSTPOST_SHARED") or os.path.join(HERE, "..", "shared")
LOSTPOST = os.path.join(HERE, "lostpost")
TABLE = os.path.join(HERE, "scores.tsv")


def run(*cmd, ok=(0,), **kw):
    p = subprocess.run(cmd, stdout=subprocess.PIPE, text=True, errors="replace", **kw)
    if ok is not None and p.returncode not in ok:
        sys.exit("score: %s ended with %d\n%s" % (" ".join(cmd[:3]), p.returncode, p.stdout[-2000:]))
    return p.stdout


def py(*args, **kw):
    return run(sys.executable, *args, **kw)


def decode(tmp):
    out = py(os.path.join(SHARED, "tools/score_decode.py"), "--corpus", os.path.join(SHARED, "corpora/decode/decode.tar.zst"),
             "--json", "--cmd", LOSTPOST + " text --json --parts --files-from {list}")
    n = json.loads(out)
    for k in ("texts", "subjects", "bytes", "names", "readable"):
        yield "decode " + k, n.get(k + "_right", 0), n[k]
    yield "decode answered", n.get("answered", 0), n["messages"]
    # counted down: texts in which a replacement or C1 character stands that is not in the mail
    yield "decode texts clean", n["texts"] - n.get("ctl_texts", 0), n["texts"]


def faults(tmp):
    d = os.path.join(tmp, "faults")
    py(os.path.join(SHARED, "corpora/faults/make_faults.py"), d)
    res = os.path.join(tmp, "faults.jsonl")
    files = sorted(os.path.join(d, f) for f in os.listdir(d) if f.endswith(".eml"))
    with open(res, "w") as f:
        subprocess.run([LOSTPOST, "text", "--json", "--parts", *files], stdout=f, check=False)
    out = py(os.path.join(SHARED, "corpora/faults/score_faults.py"), os.path.join(d, "expected.jsonl"), res, "--quiet", ok=None)
    m = re.search(r"(\d+) passed, (\d+) failed", out)
    yield "one-fault messages", int(m[1]), int(m[1]) + int(m[2])


def hostile(tmp):
    d = os.path.join(tmp, "hostile")
    py(os.path.join(SHARED, "corpora/faults/make_hostile.py"), d)
    out = py(os.path.join(SHARED, "corpora/faults/run_hostile.py"), d, "--", LOSTPOST, "text", ok=None)
    m = re.search(r"(\d+) passed, (\d+) failed", out)
    bad = [l for l in out.splitlines() if "killed after" in l or re.search(r"exit -|exit 2", l)]
    print("\n".join(l for l in out.splitlines() if l.startswith("FAIL")))
    total = int(m[1]) + int(m[2])
    yield "hostile: no crash, none over 10 s", total - len(bad), total
    yield "hostile: < 1 s, < 200 MB, word found", int(m[1]), total
    costs = [(float(s), float(mb)) for s, mb in re.findall(r"([\d.]+) s +(\d+) MB", out)]
    yield "hostile: < 0.5 s, < 100 MB", sum(s < 0.5 and mb < 100 for s, mb in costs), total


def run_drafts(cwd, res):
    """The list of drafts in a folder, with sent copies and templates, as JSON Lines in res."""
    with open(res, "w") as f:  # 1: none, 3: forms that cannot be read
        p = subprocess.run([LOSTPOST, "drafts", "--all", "--json", "--no-progress", "."], cwd=cwd, stdout=f, stderr=subprocess.DEVNULL, check=False)
    if p.returncode not in (0, 1, 3):
        sys.exit("score: drafts ended with %d" % p.returncode)


def states(res):
    """The state of each message that a list names, by path."""
    with open(res, encoding="utf-8") as f:
        rows = [json.loads(line) for line in f]
    return {v["path"].removeprefix("./"): v["state"] for r in rows if r["type"] == "draft" for v in r["versions"]}


DRAFT = {"draft", "probable", "queued", "superseded", "deleted"}


def drafts(tmp):
    d = os.path.join(tmp, "recover")
    os.mkdir(d)
    run("sh", "-c", 'zstd -d --long=27 -qc "$1" | tar x -C "$2"', "sh", os.path.join(SHARED, "corpora/recover/recover.tar.zst"), d)
    d = os.path.join(d, "recover")
    made = os.path.join(d, "made")
    truth = os.path.join(made, "truth-made.tsv")
    res = os.path.join(tmp, "drafts.jsonl")
    run_drafts(made, res)

    def score(table):
        out = py(os.path.join(SHARED, "tools/score_drafts.py"), table, res, ok=None)
        return {name.strip(): (int(n), int(of)) for name, n, of in re.findall(r"^(.+?) +(\d+) of +(\d+)$", out, re.M)}

    got = score(truth)
    yield ("drafts found", *got["drafts found"])
    # counted down: what is no draft and was called one
    n, of = got["false drafts"]
    yield "drafts not false", of - n, of
    yield ("drafts states", *got["states right"])
    yield ("drafts texts", *got["texts right by SHA-1"])
    yield ("drafts families", *got["families, both ends"])
    # The weights were tuned on the odd half: index in the file, or the line of the table where a file has one message.
    with open(truth, encoding="utf-8") as f:
        head, *lines = f.readlines()
    for half, name in ((1, "odd"), (0, "even")):
        table = os.path.join(tmp, name + ".tsv")
        with open(table, "w", encoding="utf-8") as f:
            f.write(head)
            f.writelines(l for i, l in enumerate(lines) if (int(x) if (x := l.split("\t")[2]).isdigit() else i) % 2 == half)
        yield ("drafts states, %s half" % name, *score(table)["states right"])

    # Real .msg files of Outlook.
    run_drafts(d + "/msg", res)
    said = states(res)
    with open(os.path.join(SHARED, "corpora/recover/truth-drafts.tsv"), encoding="utf-8") as f:
        rows = [l.split("\t") for l in f if l.startswith("msg/")]
    yes = [r for r in rows if r[2] == "yes"]
    yield "drafts in .msg found", sum(said.get(r[0].removeprefix("msg/")) in DRAFT for r in yes), len(yes)
    yield "drafts in .msg not false", sum(said.get(r[0].removeprefix("msg/")) not in DRAFT for r in rows if r[2] == "no"), len(rows) - len(yes)


def received(tmp):
    """1,000 messages that were received, spread over the collections of real mail in corpora/decode: none is a draft."""
    d = os.path.join(tmp, "received")
    os.mkdir(d)
    run("sh", "-c", 'zstd -d --long=27 -qc "$1" | tar x -C "$2" --wildcards "messages/spamassassin-*" "messages/sisimai"', "sh",
        os.path.join(SHARED, "corpora/decode/decode.tar.zst"), d)
    names = sorted(os.path.join(at, f) for at, _, files in os.walk(d) for f in files)
    keep = {names[i * len(names) // 1000] for i in range(1000)}
    for name in names:
        if name not in keep:
            os.remove(name)
    res = os.path.join(tmp, "received.jsonl")
    run_drafts(d, res)
    said = list(states(res).values())
    yield "received mail not called draft", 1000 - sum(s in DRAFT - {"probable"} for s in said), 1000
    yield "received mail not called probable", 1000 - said.count("probable"), 1000


def headers(tmp):
    """Header samples, and 514 Received fields of real mail: score_explain.py."""
    at = os.path.join(SHARED, "corpora/headers")
    run("sh", "-c", 'zstd -d --long=27 -qc "$1" | tar x -C "$2"', "sh", os.path.join(at, "headers.tar.zst"), tmp)
    tool = os.path.join(SHARED, "tools/score_explain.py")
    out = py(tool, "--headers", "--truth", os.path.join(at, "truth.jsonl"), "--dir", os.path.join(tmp, "headers"), "--", LOSTPOST,
             "explain", "--json", "--contacts", os.path.join(at, "contacts.txt"), "--keys", os.path.join(at, "keys.txt"))
    for name, n, of in re.findall(r"^(\S+) +(\d+) of +(\d+) ", out, re.M):
        yield "headers " + name, int(n), int(of)
    # counted down: clear verdicts that are the opposite of the truth
    total = int(re.match(r"(\d+) files", out)[1])
    yield "headers not contrary", total - int(re.search(r"^contrary +(\d+)", out, re.M)[1]), total
    out = py(tool, "--received", os.path.join(at, "received.jsonl"), "--", LOSTPOST, "explain", "--json")
    for name, n, of in re.findall(r"^(\S+) +(\d+) of +(\d+) ", out, re.M):
        yield "Received " + name, int(n), int(of)


def bounces(tmp):
    """Bounces of public collections, and written ones in other languages: score_explain.py."""
    at = os.path.join(SHARED, "corpora/bounces")
    run("sh", "-c", 'zstd -d --long=27 -qc "$1" | tar x -C "$2"', "sh", os.path.join(at, "bounces.tar.zst"), tmp)
    i18n = os.path.join(tmp, "i18n")
    py(os.path.join(at, "make_bounces_i18n.py"), "-o", i18n)
    for kind, d, truth in (("bounces", os.path.join(tmp, "bounces"), os.path.join(at, "truth.jsonl")),
                           ("bounces i18n", i18n, os.path.join(i18n, "truth.jsonl"))):
        out = py(os.path.join(SHARED, "tools/score_explain.py"), "--truth", truth, "--dir", d, "--batch", "50", "--", LOSTPOST, "explain", "--json")
        for name, n, of in re.findall(r"^(\S+) +(\d+) of +(\d+) ", out, re.M):
            yield kind + " " + name, int(n), int(of)
        # counted down: recipients that are not in the truth
        of = dict(re.findall(r"^(\S+) +\d+ of +(\d+) ", out, re.M))["recipient"]
        yield kind + " no extra recipients", int(of) - int(re.search(r"^extra +(\d+)", out, re.M)[1]), int(of)


def maillog(tmp):
    """Stories of a written Postfix log, every field of each."""
    d = os.path.join(tmp, "maillog")
    py(os.path.join(SHARED, "corpora/maillog/make_maillog.py"), "-o", d)
    out = run(LOSTPOST, "trace", "--json", os.path.join(d, "mail.log"), env={**os.environ, "TZ": "UTC"})

    def story(x):
        return [x.get(k) for k in ("queue_id", "message_id", "from", "to", "relay", "status", "dsn", "reply", "delay", "delays", "size", "removed")] + [
            x[k][:19] for k in ("first", "last")]
    got = [story(x) for l in out.splitlines() if (x := json.loads(l))["type"] == "delivery"]
    with open(os.path.join(d, "truth.jsonl"), encoding="utf-8") as f:
        want = [story(json.loads(l)) for l in f]
    yield "mail log stories", sum(w in got for w in want), len(want)
    yield "mail log no other stories", len(want) - abs(len(got) - len(want)), len(want)


def main():
    if not os.path.isdir(os.path.join(SHARED, "corpora")):
        print("no corpora beside this checkout: nothing to score")
        return 0
    best = {}
    with open(TABLE, encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                name, n, of = line.rstrip("\n").split("\t")
                best[name] = (int(n), int(of))
    rows, bad = [], 0
    with tempfile.TemporaryDirectory() as tmp:
        for scorer in (decode, faults, hostile, drafts, received, headers, bounces, maillog):
            for name, n, of in scorer(tmp):
                was = best.get(name, (0, of))[0]
                bad += n < was
                rows.append((name, max(n, was), of))
                print("%-40s %6d of %6d  best %6d  %s" % (name, n, of, was, "FELL" if n < was else "better" if n > was else ""))
    if "--update" in sys.argv:
        with open(TABLE, "w", encoding="utf-8") as f:
            f.write("# name, best figure reached, of how many; make score fails below it\n")
            f.writelines("%s\t%d\t%d\n" % r for r in rows)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
