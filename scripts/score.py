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


def drafts(tmp):
    d = os.path.join(tmp, "recover")
    os.mkdir(d)
    run("sh", "-c", 'zstd -d --long=27 -qc "$1" | tar x -C "$2"', "sh", os.path.join(SHARED, "corpora/recover/recover.tar.zst"), d)
    made = os.path.join(d, "recover", "made")
    res = os.path.join(tmp, "drafts.jsonl")
    with open(res, "w") as f:  # 3: forms that cannot be read yet
        p = subprocess.run([LOSTPOST, "drafts", "--all", "--json", "--no-progress", "."], cwd=made, stdout=f, stderr=subprocess.DEVNULL, check=False)
    if p.returncode not in (0, 3):
        sys.exit("score: drafts ended with %d" % p.returncode)
    out = py(os.path.join(SHARED, "tools/score_drafts.py"), os.path.join(made, "truth-made.tsv"), res, ok=None)
    got = {name.strip(): (int(n), int(of)) for name, n, of in re.findall(r"^(.+?) +(\d+) of +(\d+)$", out, re.M)}
    yield ("drafts found", *got["drafts found"])
    # counted down: what is no draft and was called one
    n, of = got["false drafts"]
    yield "drafts not false", of - n, of
    yield ("drafts states", *got["states right"])
    yield ("drafts texts", *got["texts right by SHA-1"])
    yield ("drafts families", *got["families, both ends"])


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
        for scorer in (decode, faults, hostile, drafts):
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
