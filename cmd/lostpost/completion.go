package main

import (
	"github.com/spf13/cobra"

	"lostpost/internal/config"
)

// shells are those for which there is a completion.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "completion bash|zsh|fish|powershell",
		GroupID: "program",
		Short:   "A script that completes commands and flags in a shell",
		Long:    "Completion prints a script for a shell. It is made from the program's own commands, so it never falls behind.",
		Example: "  lostpost completion bash > ~/.local/share/bash-completion/completions/lostpost\n  lostpost completion zsh > \"${fpath[1]}/_lostpost\"\n  lostpost completion fish > ~/.config/fish/completions/lostpost.fish",
		Args:    cobra.ArbitraryArgs, ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fail(exitFailed, "Name one: lostpost completion bash", "completion is for bash, zsh, fish or powershell.")
			}
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.buf, true)
			case "zsh":
				return root.GenZshCompletion(a.buf)
			case "fish":
				return root.GenFishCompletion(a.buf, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(a.buf)
			}
			todo := "It is bash, zsh, fish or powershell."
			if s := config.Nearest(args[0], shells); s != "" {
				todo = "Did you mean " + s + "?"
			}
			return fail(exitFailed, todo, "there is no completion for %q.", args[0])
		},
	}
}

// fixed lets a shell complete the values of a flag that takes only these.
func (a *app) fixed(cmd *cobra.Command, flag string, values ...string) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values, cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // the flag was registered some lines above the call
	}
}
