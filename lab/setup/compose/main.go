// Reads a Compose file as Docker Compose does, with its own reader, and prints what it comes to as JSON.
//
//	compose-config <file>
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	if len(os.Args) != 2 {
		fail(2, "usage: compose-config <file>")
	}
	options, err := cli.NewProjectOptions(os.Args[1:], cli.WithOsEnv)
	if err != nil {
		fail(1, err)
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		fail(1, err)
	}
	text, err := project.MarshalJSON()
	if err != nil {
		fail(1, err)
	}
	fmt.Println(string(text))
}

func fail(code int, why any) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(code)
}
