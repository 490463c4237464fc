package config

import (
	"path/filepath"
	"runtime"
	"strings"
)

// Path is where the configuration file is: what the flag --config says, else
// $LOSTPOST_CONFIG, else lostpost/config.toml in $XDG_CONFIG_HOME, which is
// ~/.config; on Windows in %AppData%. env reads the environment.
func Path(flag string, env func(string) string) string {
	switch {
	case flag != "":
		return flag
	case env("LOSTPOST_CONFIG") != "":
		return env("LOSTPOST_CONFIG")
	}
	return filepath.Join(base(env, "XDG_CONFIG_HOME", "AppData", ".config"), "lostpost", "config.toml")
}

// ArchiveDir is where the archive is: what the flag --archive says, else
// $LOSTPOST_ARCHIVE, else what the file says, else lostpost in $XDG_DATA_HOME,
// which is ~/.local/share; on Windows in %LocalAppData%. c may be nil.
func (c *Config) ArchiveDir(flag string, env func(string) string) string {
	switch {
	case flag != "":
		return flag
	case env("LOSTPOST_ARCHIVE") != "":
		return env("LOSTPOST_ARCHIVE")
	case c != nil && c.Archive != "":
		return c.Archive
	}
	return filepath.Join(base(env, "XDG_DATA_HOME", "LocalAppData", filepath.Join(".local", "share")), "lostpost")
}

// base is a folder of the user, by the rules of XDG or of Windows. A value of
// XDG that is not absolute counts as none, as its specification has it.
func base(env func(string) string, xdg, windows, below string) string {
	switch {
	case filepath.IsAbs(env(xdg)):
		return env(xdg)
	case runtime.GOOS == "windows" && env(windows) != "":
		return env(windows)
	}
	return filepath.Join(Home(env), below)
}

// Home is the folder that "~" stands for.
func Home(env func(string) string) string {
	if runtime.GOOS == "windows" {
		return env("UserProfile")
	}
	return env("HOME")
}

// absolute reads a path of the file at file: "~" is the user's folder, and what
// is relative begins in the folder of the file.
func absolute(path, file, home string) string {
	switch {
	case path == "":
		return ""
	case path == "~":
		return home
	case strings.HasPrefix(path, "~/"), runtime.GOOS == "windows" && strings.HasPrefix(path, `~\`):
		return filepath.Join(home, path[2:])
	case filepath.IsAbs(path):
		return filepath.Clean(path)
	}
	path = filepath.Join(filepath.Dir(file), path)
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
