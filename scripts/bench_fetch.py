#!/usr/bin/env python3
"""make bench-fetch: fetching from a local Dovecot, beside mbsync (IMAP) and mpop (POP3), alternately.

  bench_fetch.py [--count 2000] [--rounds 3] [--delay-ms 0] [--far 2000] [--big-mb 1024]

Three parts: --count messages over a round trip of twice --delay-ms; with --far, that many messages over one of 20 ms;
with --big-mb, one message of that size, once. 0 leaves a part out. For each program: CPU (user + system of the process and its children), wall time and peak memory of a first fetch into
an empty place, then of the same command again, with the octets that went over the wire (counted by delayproxy.py, so
compression counts as what it saves). lostpost also hashes, writes its ledger and, in the rows "+ index", makes every
message findable. Nothing is removed between timed runs: ext4 is slow with inodes that were freed a moment ago.

Needs Python 3.9, Dovecot, and the servers beside the checkout (../shared or $LOSTPOST_SHARED). Missing peers are skipped.
"""
import argparse, json, os, shutil, signal, socket, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHARED = os.environ.get("LOSTPOST_SHARED") or os.path.join(HERE, "..", "shared")
SERVERS = os.path.join(SHARED, "servers")
LOSTPOST = os.path.join(HERE, "lostpost")


class Cost:
    """CPU seconds, wall seconds and peak MB of one finished process."""

    def __init__(self, argv, env):
        start = time.monotonic()
        # A small shell in between, so that the peak of this script is not counted.
        p = subprocess.Popen(["/bin/sh", "-c", 'exec "$0" "$@"', *argv], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)
        err = p.stderr.read()
        _, status, ru = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        self.wall = time.monotonic() - start
        self.cpu = ru.ru_utime + ru.ru_stime
        self.mb = ru.ru_maxrss / 1024
        if p.returncode != 0:
            sys.exit("bench: %s ended with %d: %s" % (argv, p.returncode, err.decode(errors="replace")[-500:]))


class Proxy:
    """delayproxy.py in front of a port: octets and turns of what went through."""

    def __init__(self, port, tmp, delay):
        self.stats = os.path.join(tmp, "stats.%d" % time.monotonic_ns())
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.p = subprocess.Popen([sys.executable, os.path.join(SERVERS, "delayproxy.py"), "--listen", str(self.port),
                                   "--to", "127.0.0.1:%d" % port, "--stats", self.stats, "--delay-ms", str(delay)], stdout=subprocess.PIPE)
        self.p.stdout.readline()

    def count(self):
        """Octets down and up, and turns, since the proxy began."""
        time.sleep(0.3)  # the proxy writes them when the connection has ended
        try:
            with open(self.stats) as f:
                s = json.load(f)
        except (OSError, ValueError):
            return 0, 0, 0
        return s["down"], s["up"], s["turns"]

    def stop(self):
        self.p.send_signal(signal.SIGTERM)
        self.p.wait()


def write(path, text):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
        f.write(text)


def programs(state, user):
    """Name, protocol and a function that gives the command line for a place and a port."""
    password = os.path.join(state, "password")

    def lostpost(scheme, *more):
        def argv(place, port):
            return [LOSTPOST, "fetch", "%s://%s@127.0.0.1:%d" % (scheme, user, port), "--password-file", password, "-a", place, "--no-progress", *more]
        return argv

    def mbsync(place, port):
        os.makedirs(place, exist_ok=True)
        conf = os.path.join(place, "conf")
        write(conf, """IMAPAccount a
Host 127.0.0.1
Port %d
User %s
PassCmd "cat %s"
SSLType None
AuthMechs LOGIN

IMAPStore far
Account a

MaildirStore near
Path %s/mail/
Inbox %s/mail/INBOX
SubFolders Verbatim

Channel c
Far :far:
Near :near:
Patterns *
Create Near
Sync Pull
SyncState *
""" % (port, user, password, place, place))
        os.makedirs(os.path.join(place, "mail"), exist_ok=True)
        return ["mbsync", "-q", "-c", conf, "-a"]

    def mpop(place, port):
        for d in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(place, "mail", d), exist_ok=True)
        conf = os.path.join(place, "conf")
        write(conf, "account default\nhost 127.0.0.1\nport %d\nuser %s\npasswordeval cat %s\nauth user\ntls off\nkeep on\ndelivery maildir %s/mail\nuidls_file %s/uidls\n"
              % (port, user, password, place, place))
        return ["mpop", "-q", "-C", conf]

    out = [("lostpost imap", "imap", lostpost("imap", "--no-index")), ("lostpost imap + index", "imap", lostpost("imap"))]
    if shutil.which("mbsync"):
        out.append(("mbsync", "imap", mbsync))
    out += [("lostpost pop3", "pop3", lostpost("pop3", "--no-index")), ("lostpost pop3 + index", "pop3", lostpost("pop3"))]
    if shutil.which("mpop"):
        out.append(("mpop", "pop3", mpop))
    return out


def measure(state, tmp, user, rounds, delay):
    ports = {}
    with open(os.path.join(state, "ports")) as f:
        for line in f:
            name, _, port = line.strip().partition("=")
            ports[name] = int(port)
    env = dict(os.environ, HOME=tmp, XDG_STATE_HOME=tmp, TZ="UTC")
    progs = programs(state, user)
    first, again = {}, {}
    for r in range(rounds):
        for name, proto, argv in progs:
            place = os.path.join(tmp, "%s.%s.%d" % (user, name.replace(" ", "-"), r))
            # One proxy for both runs: another port would be another account.
            proxy = Proxy(ports[proto], tmp, delay)
            before = (0, 0, 0)
            for table in (first, again):
                c = Cost(argv(place, proxy.port), env)
                now = proxy.count()
                c.down, c.up, c.turns = (x - y for x, y in zip(now, before))
                before = now
                table.setdefault(name, []).append(c)
            proxy.stop()
    for title, table in (("first fetch", first), ("the same again", again)):
        print("\n%-24s %8s %8s %8s %12s %10s %7s" % (title, "wall s", "CPU s", "peak MB", "octets down", "up", "turns"))
        for name, _, _ in progs:
            rows = table[name]
            med = lambda f: statistics.median(f(c) for c in rows)
            print("%-24s %8.2f %8.2f %8.0f %12d %10d %7d" % (name, med(lambda c: c.wall), med(lambda c: c.cpu), med(lambda c: c.mb),
                                                            med(lambda c: c.down), med(lambda c: c.up), med(lambda c: c.turns)))


def fill_big(state, tmp, user, mb):
    """Puts one message of mb MB into the mailbox of user."""
    path = os.path.join(tmp, "big.eml")
    with open(path, "wb") as f:
        f.write(b"From: anna@big.example\nSubject: big\nMessage-ID: <big@big.example>\n\n")
        block = (b"x" * 75 + b"\n") * 13797  # about 1 MB
        for _ in range(mb):
            f.write(block)
    with open(os.path.join(state, "base")) as f:
        conf = os.path.join(f.read().strip(), "dovecot.conf")
    with open(path, "rb") as f:  # doveadm reads it as another user, who cannot open it
        subprocess.run(["doveadm", "-c", conf, "save", "-u", user, "-m", "INBOX"], stdin=f, check=True)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--count", type=int, default=2000)
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--delay-ms", type=float, default=0, help="one way; the round trip is twice that")
    ap.add_argument("--far", type=int, default=0, help="messages that are also fetched over a round trip of 20 ms")
    ap.add_argument("--big-mb", type=int, default=0, help="size of one message that is also fetched, in MB")
    a = ap.parse_args()
    script = os.path.join(SERVERS, "dovecot.sh")
    if not os.path.exists(script):
        print("no servers beside this checkout: nothing to measure")
        return 0
    if not (shutil.which("dovecot") or os.path.exists("/usr/sbin/dovecot")):
        print("Dovecot is not installed (Debian: dovecot-imapd dovecot-pop3d): nothing to measure")
        return 0
    for p in ("mbsync", "mpop"):
        if not shutil.which(p):
            print("%s is not installed: skipped" % p)
    with tempfile.TemporaryDirectory(prefix="lostpost-bench-") as tmp:
        state = os.path.join(tmp, "server")
        subprocess.run(["bash", script, "start", state], check=True, stdout=subprocess.DEVNULL)
        try:
            subprocess.run(["bash", script, "fill", state, str(a.count)], check=True, stdout=subprocess.DEVNULL)
            print("%d messages, round trip %g ms, %d cores, medians of %d rounds" % (a.count, 2 * a.delay_ms, os.cpu_count(), a.rounds))
            measure(state, tmp, "post", a.rounds, a.delay_ms)
            if a.far:
                subprocess.run(["bash", script, "fill", state, str(a.far), "far"], check=True, stdout=subprocess.DEVNULL)
                print("\n%d messages, round trip 20 ms, medians of %d rounds" % (a.far, a.rounds))
                measure(state, tmp, "far", a.rounds, 10)
            if a.big_mb:
                fill_big(state, tmp, "big", a.big_mb)
                print("\none message of %d MB, one round" % a.big_mb)
                measure(state, tmp, "big", 1, 0)
        finally:
            subprocess.run(["bash", script, "stop", state], check=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
