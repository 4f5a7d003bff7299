//! README and `docs/` hold what the program does: links, command lines, flags, messages, columns.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use clipcensus::internals::{Cli, owner_schema, schema};
use clipcensus_sandbox::SandboxOptions;

use crate::house::{root, rust_files};
use crate::support::{World, clips};

/// A text for users, its blocks of code apart.
struct Page {
    path: PathBuf,
    prose: Vec<String>,
    code: Vec<String>,
}

impl Page {
    fn read(path: PathBuf) -> Self {
        let (mut prose, mut code) = (Vec::new(), Vec::new());
        let mut is_code = false;
        for line in fs::read_to_string(&path).unwrap().lines() {
            if line.trim_start().starts_with("```") {
                is_code = !is_code;
            } else if is_code {
                code.push(line.trim().to_owned());
            } else {
                prose.push(line.to_owned());
            }
        }
        assert!(!is_code, "{}: a block without an end", path.display());
        Self { path, prose, code }
    }

    fn named(name: &str) -> Self {
        Self::read(root().join(name))
    }

    /// The addresses of headings, as they are made of their texts.
    fn anchors(&self) -> BTreeSet<String> {
        let headings = self.prose.iter().filter(|line| line.starts_with('#'));
        headings
            .map(|line| {
                let text = line.trim_start_matches('#').trim().to_lowercase();
                text.chars()
                    .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter))
                    .map(|letter| if letter == ' ' { '-' } else { letter })
                    .collect()
            })
            .collect()
    }

    /// Where its links lead.
    fn links(&self) -> impl Iterator<Item = &str> {
        self.prose
            .iter()
            .flat_map(|line| line.split("](").skip(1))
            .filter_map(|rest| rest.split(')').next())
    }

    /// The arguments of each command line of the program, in blocks of code or in a sentence.
    fn commands(&self) -> impl Iterator<Item = Vec<String>> {
        let quoted = |line: &'_ String| -> Vec<String> {
            let spans = line.split('`').skip(1).step_by(2);
            spans.map(str::to_owned).collect()
        };
        let spans = self.prose.iter().flat_map(quoted);
        let spans = spans.filter(|span| span.starts_with("clipcensus "));
        self.code.iter().cloned().chain(spans).filter_map(|line| {
            let words = shlex::split(&line)?;
            let start = words
                .iter()
                .position(|word| word.rsplit('/').next() == Some("clipcensus"))?;
            let is_of_shell = |word: &str| word.starts_with(['|', '>', '&', ';']);
            let words = words.into_iter().skip(start);
            Some(words.take_while(|word| !is_of_shell(word)).collect())
        })
    }

    /// The first column of the table below a heading, without its quotes.
    fn table(&self, heading: &str) -> Vec<String> {
        let below = self
            .prose
            .iter()
            .skip_while(|line| *line != heading)
            .skip(1);
        below
            .take_while(|line| !line.starts_with('#'))
            .filter_map(|line| line.strip_prefix("| `")?.split(" | ").next())
            .map(|cell| cell.trim_end_matches('`').to_owned())
            .collect()
    }

    /// What stands in quotes in the tables below a heading, in their first columns.
    fn quoted_cells(&self, heading: &str) -> BTreeSet<String> {
        let cells = self.table(heading);
        cells
            .iter()
            .flat_map(|cell| cell.split("`, `").map(str::to_owned))
            .collect()
    }
}

fn pages() -> Vec<Page> {
    let mut paths = vec![root().join("README.md")];
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        paths.push(entry.unwrap().path());
    }
    paths.sort();
    paths.into_iter().map(Page::read).collect()
}

/// The program's text with the lines of a message put together, and quotes as they are shown.
fn source() -> String {
    let mut text = String::new();
    for file in ["src", "crates"]
        .iter()
        .flat_map(|folder| rust_files(&root().join(folder)))
    {
        for line in fs::read_to_string(file).unwrap().lines() {
            if let Some(begin) = line.trim_start().strip_suffix('\\') {
                text.push_str(begin);
            } else {
                text.push_str(line.trim_start());
                text.push('\n');
            }
        }
    }
    text.replace("\\\"", "\"")
}

fn names(fields: &arrow::datatypes::Fields) -> Vec<String> {
    fields.iter().map(|field| field.name().clone()).collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut followed = 0;
    for page in pages() {
        let shown = page.path.display();
        for link in page.links().filter(|link| !link.starts_with("https://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let folder = page.path.parent().unwrap();
            let path = match file {
                "" => page.path.clone(),
                file => folder.join(file),
            };
            assert!(path.exists(), "{shown}: {link} leads nowhere");
            assert!(
                anchor.is_empty() || Page::read(path).anchors().contains(anchor),
                "{shown}: {link} leads to no heading"
            );
            followed += 1;
        }
    }
    assert!(followed >= 20, "only {followed} links");
}

#[test]
fn the_readme_leads_to_every_page() {
    let readme = Page::named("README.md");
    for page in pages() {
        let path = page.path.strip_prefix(root()).unwrap();
        let is_linked = readme.links().any(|link| Path::new(link) == path);
        assert!(
            is_linked || path.ends_with("README.md"),
            "{}",
            path.display()
        );
    }
}

#[test]
fn every_command_line_is_one_that_the_program_takes() {
    let mut tried = 0;
    for page in pages() {
        for words in page.commands() {
            match Cli::try_parse_from(&words) {
                Err(error) if error.kind() != ErrorKind::DisplayHelp => {
                    panic!("{}: {words:?}: {error}", page.path.display())
                }
                _ => tried += 1,
            }
        }
    }
    assert!(tried >= 20, "only {tried} command lines");
}

#[test]
fn every_flag_that_is_named_exists() {
    let program = Cli::command();
    let flags: BTreeSet<String> = program
        .get_subcommands()
        .chain([&program])
        .flat_map(clap::Command::get_arguments)
        .filter_map(clap::Arg::get_long)
        .map(|name| format!("--{name}"))
        .chain(["--help".to_owned(), "--version".to_owned()])
        .collect();
    let mut seen = BTreeSet::new();
    for page in pages() {
        let lines = page.prose.iter().chain(&page.code);
        for line in lines.filter(|line| !line.contains("cargo ")) {
            for word in
                line.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'))
            {
                let name = word.trim_start_matches('-');
                if word.starts_with("--") && !name.is_empty() {
                    assert!(flags.contains(word), "{}: {word}", page.path.display());
                    seen.insert(word.to_owned());
                }
            }
        }
    }
    assert!(seen.len() >= 20, "only {seen:?}");
}

#[test]
fn every_message_that_is_explained_is_one_of_the_program() {
    let source = source();
    let page = Page::named("docs/troubleshooting.md");
    let mut explained = 0;
    for heading in page.prose.iter().filter(|line| line.starts_with("### ")) {
        let quoted: Vec<&str> = heading.split('`').skip(1).step_by(2).collect();
        assert!(!quoted.is_empty(), "{heading} quotes no message");
        for message in quoted {
            let parts: Vec<&str> = message.split('…').collect();
            let is_said = source
                .lines()
                .any(|line| parts.iter().all(|part| line.contains(part.trim_end())));
            assert!(is_said, "no message says {message:?}");
            explained += 1;
        }
    }
    assert!(explained >= 30, "only {explained} messages");
}

#[test]
fn the_table_of_the_log_is_that_of_its_source() {
    let rows_of = |text: &str, before: &str| -> Vec<String> {
        let rows = text.lines().filter_map(|line| line.strip_prefix(before));
        rows.filter(|row| row.matches(" | ").count() == 2 && row.contains("| `"))
            .map(str::to_owned)
            .collect()
    };
    let source = fs::read_to_string(root().join("src/program/progress/log.rs")).unwrap();
    let page = fs::read_to_string(root().join("docs/operating.md")).unwrap();
    let told = rows_of(&source, "//! ");
    assert!(told.len() >= 10, "only {told:?}");
    for row in told {
        assert!(page.lines().any(|line| line == row), "{row}");
    }
}

#[test]
fn the_faults_of_the_sandbox_are_those_of_the_code_and_no_others() {
    let page = Page::named("docs/sandbox.md");
    for (heading, setting) in [
        (
            "### Every fault",
            "faults.rules=[{ fault='?', when='always' }]",
        ),
        ("### When", "faults.rules=[{ fault='close', when='?' }]"),
        (
            "### On",
            "faults.rules=[{ fault='close', when='always', on='?' }]",
        ),
        ("### Oddities", "faults.oddities={ one-in=1, kinds=['?'] }"),
    ] {
        let error = clipcensus_sandbox::scenario(&[], &[setting.to_owned()]).unwrap_err();
        let error = error.to_string();
        let (_, names) = error.split_once("expected one of ").unwrap();
        let names = names.split(", in `").next().unwrap();
        let names: Vec<&str> = names.split('`').skip(1).step_by(2).collect();
        let mut explained = page.table(heading);
        explained.retain(|name| !["fault", "when", "on"].contains(&name.as_str()));
        assert_eq!(explained, names, "{heading}");
    }
    // What is written there as an example is understood.
    let mut tried = 0;
    for line in &page.prose {
        let Some(cell) = line
            .strip_prefix("| `")
            .and_then(|it| it.split("| `").nth(1))
        else {
            continue;
        };
        let Some(example) = cell.split('`').next().filter(|it| it.starts_with('{')) else {
            continue;
        };
        let is_when = ["rate", "nth", "attempts"]
            .iter()
            .any(|name| example.contains(name));
        let rule = if is_when {
            format!("{{ fault='close', when={example} }}")
        } else {
            format!("{{ fault={example}, when='always' }}")
        };
        let setting = format!("faults.rules=[{rule}]");
        clipcensus_sandbox::scenario(&[], &[setting]).unwrap();
        tried += 1;
    }
    assert!(tried >= 8, "only {tried}");
}

#[test]
fn the_columns_are_those_of_the_files_in_their_order() {
    let page = Page::named("docs/data.md");
    assert_eq!(page.table("## The row"), names(schema().fields()));
    assert_eq!(page.table("## Owners"), names(owner_schema().fields()));
}

#[test]
fn every_field_of_manifest_and_summary_is_explained_and_no_other() {
    let world = World::new(SandboxOptions {
        sub_accounts: 1,
        ..clips(40)
    });
    for until in ["2026-10-31", "2026-11-01"] {
        let export = world.export().arg("--until").arg(until).arg("--diff");
        export
            .arg("--resolve-owners")
            .arg("--all-accounts")
            .succeeds();
    }
    let page = Page::named("docs/data.md");
    let keys = |value: &serde_json::Value| -> BTreeSet<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    let manifest = world.manifest();
    let mut fields = keys(&manifest);
    fields.extend(keys(&manifest["windows"][0]));
    assert_eq!(page.quoted_cells("## Manifest"), fields);
    let summary = world.json(&format!("{}/summary.json", world.date()));
    assert_eq!(page.quoted_cells("## Summary"), keys(&summary));
}
