package main

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) scheduleCommand() *cobra.Command {
	var every time.Duration
	var with, format string
	cmd := &cobra.Command{
		Use:     "schedule",
		GroupID: "in",
		Short:   "How to run fetch or check by itself: systemd, cron, launchd, Windows",
		Long:    "Schedule prints what to install and where, so that the archive is kept without anybody at the keyboard. It installs nothing. The run says nothing when all is well; the exit code and the journal or the mail of cron tell the rest. A computer that sleeps at that hour runs it when it wakes up (systemd, launchd, Windows).",
		Example: "  lostpost schedule\n  lostpost schedule --every 15m --format cron\n  lostpost schedule --every 168h --with check",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.schedule(every, with, format)
		},
	}
	fl := cmd.Flags()
	fl.DurationVar(&every, "every", 24*time.Hour, "`TIME` between two runs: 15m, 1h, 24h, 168h")
	fl.StringVar(&with, "with", "fetch", "`COMMAND` to run: fetch or check")
	fl.StringVar(&format, "format", "systemd", "`FORM`: systemd, cron, launchd or task")
	a.fixed(cmd, "with", "fetch", "check")
	a.fixed(cmd, "format", "systemd", "cron", "launchd", "task")
	return cmd
}

// A job is one command that is to run from time to time.
type job struct {
	command string
	every   time.Duration
	argv    []string // the program with its whole path, and its arguments
}

func (a *app) schedule(every time.Duration, with, format string) error {
	if with != "fetch" && with != "check" {
		return fail(exitFailed, "It is fetch or check.", "--with cannot be %q.", with)
	}
	if every < time.Minute || every%time.Minute != 0 {
		return fail(exitFailed, "It is a number of minutes or hours: 15m, 1h, 24h.", "--every cannot be %s.", every)
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(a.dir())
	if err != nil {
		return err
	}
	// The archive is named because neither cron nor systemd reads the shell's
	// environment.
	j := job{with, every, []string{program, with, "--archive", dir, "--quiet", "--no-progress"}}
	if a.configFile != "" {
		file, err := filepath.Abs(a.configFile)
		if err != nil {
			return err
		}
		j.argv = append(j.argv, "--config", file)
	}
	switch format {
	case "systemd":
		a.printf("%s", j.systemd())
	case "cron":
		line, err := j.cron()
		if err != nil {
			return err
		}
		a.printf("%s", line)
	case "launchd":
		a.printf("%s", j.launchd())
	case "task":
		a.printf("%s", j.task())
	default:
		return fail(exitFailed, "It is systemd, cron, launchd or task.", "--format cannot be %q.", format)
	}
	return nil
}

// systemd gives a service and a timer of the user (systemd.timer(5)).
func (j job) systemd() string {
	unit := "lostpost-" + j.command
	when := "OnCalendar=*-*-* 03:07:00"
	if j.every != 24*time.Hour {
		when = fmt.Sprintf("OnBootSec=2min\nOnUnitActiveSec=%dmin", j.every/time.Minute)
	}
	var words []string
	for _, w := range j.argv {
		words = append(words, systemdWord(w))
	}
	return fmt.Sprintf(`# File: ~/.config/systemd/user/%[1]s.service
[Unit]
Description=lostpost %[2]s

[Service]
Type=oneshot
Nice=10
ExecStart=%[3]s

# File: ~/.config/systemd/user/%[1]s.timer
[Unit]
Description=lostpost %[2]s, every %[4]s

[Timer]
%[5]s
Persistent=true

[Install]
WantedBy=timers.target

# Then:
#   systemctl --user daemon-reload
#   systemctl --user enable --now %[1]s.timer
#   loginctl enable-linger            (also while nobody is signed in)
#   journalctl --user -u %[1]s        (what it said)
`, unit, j.command, strings.Join(words, " "), everyWords(j.every), when)
}

// systemdWord quotes a word of ExecStart (systemd.service(5), COMMAND LINES).
func systemdWord(s string) string {
	s = strings.NewReplacer("%", "%%", "$", "$$", `\`, `\\`, `"`, `\"`).Replace(s)
	if strings.ContainsAny(s, " \t'\";\\") {
		return `"` + s + `"`
	}
	return s
}

// everyWords says a time between two runs: 15 minutes, hour, 7 days.
func everyWords(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if d == u.unit {
			return u.name
		}
		if d%u.unit == 0 {
			return count(int64(d/u.unit), u.name)
		}
	}
	return d.String()
}

// cron gives a line for crontab(5), which knows only times that divide an
// hour, a day or a week.
func (j job) cron() (string, error) {
	minutes := int(j.every / time.Minute)
	when := ""
	switch {
	case minutes < 60 && 60%minutes == 0:
		when = fmt.Sprintf("*/%d * * * *", minutes)
	case minutes == 60:
		when = "7 * * * *"
	case minutes%60 == 0 && minutes < 24*60 && 24*60%minutes == 0:
		when = fmt.Sprintf("7 */%d * * *", minutes/60)
	case minutes == 24*60:
		when = "7 3 * * *"
	case minutes == 7*24*60:
		when = "7 3 * * 0"
	default:
		return "", fail(exitFailed, "Take one that divides an hour or a day, or 24h, or 168h; or --format systemd.", "cron has no way to say every %s.", everyWords(j.every))
	}
	var words []string
	for _, w := range j.argv {
		// In a crontab "%" is a line end unless it is escaped.
		words = append(words, strings.ReplaceAll(shellWord(w), "%", `\%`))
	}
	return fmt.Sprintf("# Add this line with: crontab -e\n# Every %s; cron mails what it says, and it says nothing when all is well.\n%s %s\n", everyWords(j.every), when, strings.Join(words, " ")), nil
}

// shellWord quotes a word for sh.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r < 0x80 && (r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("/._-+:,=@%", r))
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// launchd gives a property list for macOS (launchd.plist(5)).
func (j job) launchd() string {
	label := "example.lostpost." + j.command
	when := fmt.Sprintf("<key>StartInterval</key><integer>%d</integer>", int(j.every/time.Second))
	if j.every == 24*time.Hour {
		when = "<key>StartCalendarInterval</key><dict><key>Hour</key><integer>3</integer><key>Minute</key><integer>7</integer></dict>"
	}
	var args strings.Builder
	for _, w := range j.argv {
		args.WriteString("    <string>" + xmlText(w) + "</string>\n")
	}
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<!-- File: ~/Library/LaunchAgents/%[1]s.plist
     Then: launchctl bootstrap gui/$UID ~/Library/LaunchAgents/%[1]s.plist -->
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>%[1]s</string>
  <key>ProgramArguments</key>
  <array>
%[2]s  </array>
  %[3]s
  <key>ProcessType</key><string>Background</string>
</dict>
</plist>
`, label, args.String(), when)
}

func xmlText(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		return "" // a strings.Builder takes everything
	}
	return b.String()
}

// task gives a command line for the task scheduler of Windows.
func (j job) task() string {
	when := fmt.Sprintf("/SC MINUTE /MO %d", int(j.every/time.Minute))
	switch {
	case j.every == 24*time.Hour:
		when = "/SC DAILY /ST 03:07"
	case j.every%(24*time.Hour) == 0:
		when = fmt.Sprintf("/SC DAILY /MO %d /ST 03:07", int(j.every/(24*time.Hour)))
	case j.every%time.Hour == 0:
		when = fmt.Sprintf("/SC HOURLY /MO %d", int(j.every/time.Hour))
	}
	words := slices.Clone(j.argv)
	for i, w := range words {
		if strings.ContainsAny(w, " \t") {
			words[i] = `\"` + w + `\"`
		}
	}
	return fmt.Sprintf("rem Every %s. Type this once in a command prompt:\nschtasks /Create /TN lostpost-%s %s /TR \"%s\"\n", everyWords(j.every), j.command, when, strings.Join(words, " "))
}
