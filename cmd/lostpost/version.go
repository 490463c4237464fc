package main

import (
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// version is the release; a build from a checkout says so behind it.
const version = "0.1.0"

// The formats on disk that this program writes.
const (
	archiveFormat = 1
	indexFormat   = 1
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		GroupID: "program",
		Short:   "The version of the program, of the archive's FORMAT and of the index",
		Example: "  lostpost version\n  lostpost version --json",
		Args:    noWords,
		RunE: func(cmd *cobra.Command, args []string) error {
			goVersion := strings.TrimPrefix(runtime.Version(), "go")
			if a.json {
				return writeJSON(a.buf, struct {
					Type    string `json:"type"`
					Version string `json:"version"`
					Go      string `json:"go"`
					OS      string `json:"os"`
					Arch    string `json:"arch"`
					Commit  string `json:"commit,omitempty"`
					Format  int    `json:"format"`
					Index   int    `json:"index"`
				}{"version", version, goVersion, runtime.GOOS, runtime.GOARCH, commit(), archiveFormat, indexFormat})
			}
			a.printf("lostpost %s (go%s, %s/%s, archive FORMAT %d, index %d)\n", version, goVersion, runtime.GOOS, runtime.GOARCH, archiveFormat, indexFormat)
			return nil
		},
	}
}

// commit is the commit that the program was built from, if the build knows.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}
