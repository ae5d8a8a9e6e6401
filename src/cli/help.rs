//! What `--help` says below the options: examples of each command, and what its exit codes mean.

use clap::Command;

use crate::report::Exit;

/// What each exit code means, in the order of the numbers.
const EXITS: &[(Exit, &str)] = &[
    (Exit::Done, "nothing to do, or done and converged"),
    (Exit::Failure, "something failed, or the answer is no"),
    (Exit::Pending, "changes are pending (`plan --exit-code`)"),
    (Exit::Invalid, "manifests or configuration are invalid; nothing was written"),
    (Exit::Guarded, "refused by a guard, or files are not committed"),
    (Exit::Conflict, "the live state changed since the plan; plan again"),
    (Exit::Incomplete, "something could not be read, or nobody knows the answer"),
    (Exit::Locked, "another run holds the lock"),
    (Exit::Usage, "wrong usage"),
];

/// What the help of a command says beside its options.
struct About {
    command: &'static str,
    /// Lines to type, each with what it is for.
    examples: &'static [(&'static str, &'static str)],
    /// Exit codes beside success, failure, invalid files and wrong usage, which any command may have.
    exits: &'static [Exit],
}

const ABOUT: &[About] = &[
    About {
        command: "init",
        examples: &[
            ("enact init", "asks what is needed"),
            ("enact init --system polytomic=https://app.polytomic.com", "asks nothing"),
            ("enact init --sandbox", "for the systems that `enact sandbox` serves"),
        ],
        exits: &[],
    },
    About {
        command: "doctor",
        examples: &[("enact doctor", "all targets"), ("enact doctor --target analytics", "one of them")],
        exits: &[],
    },
    About {
        command: "targets",
        examples: &[("enact targets", "a line for each"), ("enact targets --format json", "for a program")],
        exits: &[],
    },
    About {
        command: "validate",
        examples: &[
            ("enact validate", "before each commit"),
            ("enact validate --report sarif=enact.sarif", "also for code scanning"),
        ],
        exits: &[],
    },
    About {
        command: "plan",
        examples: &[
            ("enact plan", "what apply would do now"),
            ("enact plan --summary", "only how much, target by target"),
            ("enact plan --rev HEAD --base main --out plan.json", "for a pull request, to be reviewed"),
            ("enact plan --exit-code --report html=plan.html", "a look at drift, with a page to read"),
        ],
        exits: &[Exit::Pending, Exit::Guarded, Exit::Incomplete],
    },
    About {
        command: "apply",
        examples: &[
            ("enact apply", "shows the plan, and asks"),
            ("enact apply plan.json --yes", "goes on only if the plan is still that one"),
            ("enact apply --yes --lock-timeout 10m --events events.jsonl", "in a job"),
            ("enact apply --allow max-deletes", "lets this run delete more than its limit"),
        ],
        exits: &[Exit::Guarded, Exit::Conflict, Exit::Incomplete, Exit::Locked],
    },
    About {
        command: "why",
        examples: &[("enact why analytics 'Policy/Warehouse syncs'", "all that is known of one object")],
        exits: &[Exit::Incomplete],
    },
    About {
        command: "explain",
        examples: &[
            ("enact explain Policy", "a kind with its fields"),
            ("enact explain Config.targets", "a field of enact.yaml"),
            ("enact explain guard/max-deletes", "a diagnostic, and what to do"),
            ("enact explain --all", "everything, as docs/reference.md"),
        ],
        exits: &[],
    },
    About {
        command: "fmt",
        examples: &[
            ("enact fmt", "all manifests"),
            ("enact fmt policies/roles.yaml", "one file"),
            ("enact fmt --check", "only looks, and fails if one is not in order"),
        ],
        exits: &[],
    },
    About {
        command: "test",
        examples: &[
            ("enact test", "against what git declares"),
            ("enact test --against live", "against what is live"),
        ],
        exits: &[Exit::Incomplete],
    },
    About {
        command: "can",
        examples: &[
            ("enact can Contractors delete 'Warehouse syncs' --target analytics", "by what git declares"),
            ("enact can Contractors delete 'Warehouse syncs' --target analytics --live", "by what is live"),
        ],
        exits: &[Exit::Incomplete],
    },
    About {
        command: "who-can",
        examples: &[(
            "enact who-can delete 'Warehouse syncs' --target analytics",
            "everybody, each with the rule",
        )],
        exits: &[Exit::Incomplete],
    },
    About {
        command: "import",
        examples: &[
            ("enact import", "manifests for what is live and not in git"),
            ("enact import --update analytics 'Policy/Warehouse syncs'", "takes a repair by hand into git"),
            ("enact import --update --dry-run", "only shows what would change"),
        ],
        exits: &[Exit::Incomplete],
    },
    About {
        command: "status",
        examples: &[("enact status", "of all targets"), ("enact status --target analytics", "of one")],
        exits: &[],
    },
    About {
        command: "log",
        examples: &[
            ("enact log", "the last runs"),
            ("enact log analytics 'Policy/Warehouse syncs'", "what became of one object"),
        ],
        exits: &[],
    },
    About {
        command: "show",
        examples: &[("enact show 3f2a9c", "the run whose id begins so, from `enact log`")],
        exits: &[],
    },
    About {
        command: "undo",
        examples: &[
            ("enact undo 3f2a9c", "what it would take"),
            ("enact undo 3f2a9c --out undo.json", "to be written by `enact apply undo.json`"),
        ],
        exits: &[Exit::Guarded, Exit::Incomplete],
    },
    About {
        command: "record",
        examples: &[("enact record prune --keep 100", "drops older runs")],
        exits: &[Exit::Locked],
    },
    About {
        command: "report",
        examples: &[("enact report merge a.json b.json", "one result of two jobs")],
        exits: &[Exit::Pending, Exit::Guarded, Exit::Conflict, Exit::Incomplete, Exit::Locked],
    },
    About {
        command: "unlock",
        examples: &[("enact unlock analytics", "shows who holds the lock, and asks")],
        exits: &[],
    },
    About {
        command: "schema",
        examples: &[
            ("enact schema", "their names"),
            ("enact schema --write schema", "all of them, for the editor"),
        ],
        exits: &[],
    },
    About { command: "sandbox", examples: &[("enact sandbox", "all systems, on port 8014")], exits: &[] },
    About {
        command: "serve",
        examples: &[
            ("enact serve", "the working tree, by the schedules in enact.yaml"),
            ("enact serve --once", "one pass over each target"),
        ],
        exits: &[Exit::Guarded, Exit::Conflict, Exit::Incomplete, Exit::Locked],
    },
    About { command: "lsp", examples: &[("enact lsp", "is what an editor runs")], exits: &[] },
    About {
        command: "new-system",
        examples: &[
            (
                "enact new-system https://api.example.com --openapi openapi.json",
                "writes NAME.yaml, by its title",
            ),
            (
                "enact new-system https://api.example.com --openapi openapi.yaml --name doors",
                "writes doors.yaml",
            ),
        ],
        exits: &[],
    },
    About {
        command: "check-system",
        examples: &[
            ("enact check-system mine.yaml", "offline"),
            ("enact check-system mine.yaml --against staging --scratch enact-probe", "tries it on a target"),
        ],
        exits: &[Exit::Incomplete],
    },
    About {
        command: "completions",
        examples: &[("source <(enact completions bash)", "for this shell")],
        exits: &[],
    },
    About {
        command: "man",
        examples: &[("enact man plan | man -l -", "one page"), ("enact man | man -l -", "the first one")],
        exits: &[],
    },
];

/// The commands with all of their help.
pub(super) fn complete(enact: Command) -> Command {
    let all: Vec<_> = EXITS.iter().map(|(exit, _)| *exit).collect();
    let end = format!(
        "{}\n`enact explain CODE` says what a diagnostic means and what to do.",
        exits(|exit| all.contains(&exit))
    );
    let enact = enact.after_help(end);
    ABOUT.iter().fold(enact, |enact, about| match enact.find_subcommand(about.command) {
        // The service and the language server are not in every build.
        None => enact,
        Some(_) => enact.mut_subcommand(about.command, |command| command.after_help(below(about))),
    })
}

fn below(About { command: _, examples, exits: own }: &About) -> String {
    let width = examples.iter().map(|(line, _)| line.len()).max().unwrap_or_default();
    let is_long = width > LONGEST;
    let example = |(line, what): &(&str, &str)| match is_long {
        true => format!("  # {what}\n  {line}\n"),
        false => format!("  {line:width$}  # {what}\n"),
    };
    let examples: String = examples.iter().map(example).collect();
    let usual = [Exit::Done, Exit::Failure, Exit::Invalid, Exit::Usage];
    format!("Examples:\n{examples}\n{}", exits(|exit| usual.contains(&exit) || own.contains(&exit)))
}

/// An example that is longer has what it is for above it.
const LONGEST: usize = 44;

fn exits(is_shown: impl Fn(Exit) -> bool) -> String {
    let rows = EXITS.iter().filter(|(exit, _)| is_shown(*exit));
    let rows = rows.map(|(exit, means)| format!("  {:<3} {means}\n", *exit as u8));
    format!("Exit codes:\n{}", rows.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command;

    #[test]
    fn each_command_has_examples() {
        let with: Vec<_> = ABOUT.iter().map(|about| about.command).collect();
        let enact = command();
        let mut without = enact.get_subcommands().map(Command::get_name).filter(|name| !with.contains(name));
        assert_eq!(without.next(), None);
    }

    #[test]
    fn examples_can_be_typed() {
        for (line, _) in ABOUT.iter().flat_map(|about| about.examples) {
            let line = line.trim_start_matches("source <(").trim_end_matches(')');
            let line = line.split(" | ").next().unwrap().replace('\'', "\"");
            let mut quoted = false;
            let words = line.split(|c| {
                quoted ^= c == '"';
                c == ' ' && !quoted
            });
            let words: Vec<_> = words.map(|word| word.replace('"', "")).collect();
            if command().find_subcommand(&words[1]).is_some() {
                let wrong = command().try_get_matches_from(&words).err();
                assert!(wrong.is_none(), "{line}: {}", wrong.unwrap());
            }
        }
    }
}
