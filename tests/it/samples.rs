//! The files of `samples/` for those who run it at night: what they say exists, and is understood.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Output};

use clap::{CommandFactory, Parser};
use clipcensus::internals::{Cli, ExitCode};
use serde_json::Value;

use crate::support::{is_installed, skipped};

const CRONTAB: &str = include_str!("../../samples/crontab");
const SERVICE: &str = include_str!("../../samples/clipcensus.service");
const TIMER: &str = include_str!("../../samples/clipcensus.timer");
const CONTAINERFILE: &str = include_str!("../../samples/Containerfile");
const CRONJOB: &str = include_str!("../../samples/kubernetes-cronjob.yaml");
const DAG: &str = include_str!("../../samples/airflow_dag.py");

fn python(script: &str, file: &str) -> Output {
    let path = format!("{}/samples/{file}", env!("CARGO_MANIFEST_DIR"));
    let arguments = ["-B", "-c", script, &path];
    Command::new("python3").args(arguments).output().unwrap()
}

/// The arguments behind every mention of the program that names a command.
fn invocations(text: &str) -> Vec<Vec<String>> {
    let commands: Vec<String> = Cli::command()
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    let ends = |letter: char| "\n>|;&\"`)".contains(letter);
    text.match_indices("clipcensus ")
        .map(|(start, name)| text.split_at(start + name.len()).1)
        .map(|rest| rest.split(ends).next().unwrap_or_default())
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .filter(|words: &Vec<String>| words.first().is_some_and(|it| commands.contains(it)))
        .collect()
}

#[test]
fn every_call_of_the_program_is_understood() {
    // As lists, the calls of a container are not spelt like those of a shell.
    let list = CRONJOB
        .lines()
        .find_map(|line| line.trim().strip_prefix("args: ["));
    let listed = list.unwrap().trim_end_matches(']').replace(',', "");
    let listed = format!("clipcensus {listed}");
    for (file, text, calls) in [
        ("crontab", CRONTAB, 3),
        ("clipcensus.service", SERVICE, 2),
        ("Containerfile", CONTAINERFILE, 1),
        ("kubernetes-cronjob.yaml", &listed, 1),
        ("airflow_dag.py", DAG, 2),
    ] {
        let found = invocations(text);
        assert!(found.len() >= calls, "{file}: {found:?}");
        for words in found {
            let typed = std::iter::once("clipcensus".to_owned()).chain(words);
            if let Err(error) = Cli::try_parse_from(typed) {
                // Help of a command is no error.
                assert!(!error.use_stderr(), "{file}: {error}");
            }
        }
    }
    assert!(CONTAINERFILE.contains("ENTRYPOINT [\"clipcensus\"]\n"));
}

fn variables_of(command: &clap::Command, names: &mut BTreeSet<String>) {
    let own = command.get_arguments().filter_map(clap::Arg::get_env);
    names.extend(own.map(|name| name.to_str().unwrap().to_owned()));
    for command in command.get_subcommands() {
        variables_of(command, names);
    }
}

#[test]
fn every_variable_exists_and_no_secret_stands_in_one() {
    let mut known = BTreeSet::new();
    variables_of(&Cli::command(), &mut known);
    for name in ["ACCOUNT_ID", "CLIENT_ID", "CLIENT_SECRET", "ACCESS_TOKEN"] {
        known.insert(format!("ZOOM_{name}_FILE"));
    }
    for (file, text) in [
        ("crontab", CRONTAB),
        ("clipcensus.service", SERVICE),
        ("Containerfile", CONTAINERFILE),
        ("kubernetes-cronjob.yaml", CRONJOB),
        ("airflow_dag.py", DAG),
    ] {
        let is_other = |letter: char| !(letter.is_ascii_uppercase() || letter == '_');
        let named = text
            .split(is_other)
            .filter(|word| word.starts_with("CLIPCENSUS_") || word.starts_with("ZOOM_"));
        let mut count = 0;
        for name in named {
            assert!(known.contains(name), "{file}: {name}");
            count += 1;
        }
        assert!(count >= 4, "{file}: {count}");
    }
}

/// The codes of an export; only other commands have findings.
fn codes() -> impl Iterator<Item = ExitCode> {
    let all = ExitCode::ALL.into_iter();
    all.filter(|code| *code != ExitCode::Findings)
}

/// The codes that a person has to see to.
fn hopeless() -> Vec<u64> {
    codes()
        .filter(|code| !code.is_passing() && *code != ExitCode::Success)
        .map(|code| code as u64)
        .collect()
}

#[test]
fn every_nightly_chain_bounds_a_fall_and_removes_only_what_was_verified() {
    for (file, text) in [
        ("crontab", CRONTAB),
        ("clipcensus.service", SERVICE),
        ("airflow_dag.py", DAG),
        ("kubernetes-cronjob.yaml", CRONJOB),
    ] {
        let shrink = text
            .lines()
            .find(|line| line.contains("CLIPCENSUS_MAX_SHRINK"));
        assert!(shrink.is_some_and(|line| !line.starts_with('#')), "{file}");
        if file.ends_with("yaml") {
            continue;
        }
        let calls: Vec<Vec<String>> = invocations(text);
        let place = |command: &str, flag: &str| {
            let is_it = |call: &Vec<String>| {
                call[0] == command && call.iter().any(|word| word.starts_with(flag))
            };
            calls.iter().position(is_it)
        };
        let (verify, prune) = (place("verify", "--all"), place("prune", "--keep-daily"));
        assert!(verify.is_some() && verify < prune, "{file}: {calls:?}");
    }
}

#[test]
fn systemd_understands_the_service_and_the_timer() {
    let prevented = SERVICE
        .lines()
        .find_map(|line| line.strip_prefix("RestartPreventExitStatus="));
    let prevented: Vec<u64> = prevented
        .unwrap()
        .split(' ')
        .map(|code| code.parse().unwrap())
        .collect();
    assert_eq!(prevented, hopeless());
    if !is_installed("systemd-analyze") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let service = folder.path().join("clipcensus.service");
    let timer = folder.path().join("clipcensus.timer");
    let program = env!("CARGO_BIN_EXE_clipcensus");
    fs::write(
        &service,
        SERVICE.replace("/usr/local/bin/clipcensus", program),
    )
    .unwrap();
    fs::write(&timer, TIMER).unwrap();
    let verified = Command::new("systemd-analyze")
        .arg("verify")
        .args([&service, &timer])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(verified.status.success(), "{said}");
    assert!(!said.contains("clipcensus."), "{said}");
}

#[test]
fn the_cron_job_uses_the_exit_codes() {
    assert!(!CRONJOB.contains('\t'));
    let script = "import sys, json\n\
        try:\n    import yaml\n\
        except ImportError:\n    sys.exit(3)\n\
        print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1])))))";
    if !is_installed("python3") {
        return;
    }
    let read = python(script, "kubernetes-cronjob.yaml");
    if read.status.code() == Some(3) {
        skipped("python3 has no yaml");
        return;
    }
    let said = String::from_utf8_lossy(&read.stderr).into_owned();
    assert!(read.status.success(), "{said}");
    let documents: Value = serde_json::from_slice(&read.stdout).unwrap();
    let job = &documents[1]["spec"]["jobTemplate"]["spec"];
    let rules = job["podFailurePolicy"]["rules"].as_array().unwrap();
    let codes = |action: &str| {
        let is_rule = |rule: &&Value| rule["action"] == action && !rule["onExitCodes"].is_null();
        let rule = rules.iter().find(is_rule).unwrap();
        rule["onExitCodes"]["values"].clone()
    };
    assert_eq!(codes("FailJob"), serde_json::json!(hopeless()));
    assert_eq!(codes("Count"), serde_json::json!([75]));
    let pod = &job["template"]["spec"];
    assert_eq!(pod["restartPolicy"], "Never");
    let container = &pod["containers"][0];
    assert_eq!(container["name"], rules[1]["onExitCodes"]["containerName"]);
    let volumes = |of: &Value| -> BTreeSet<String> {
        let all = of.as_array().unwrap().iter();
        all.map(|volume| volume["name"].to_string()).collect()
    };
    assert_eq!(
        volumes(&container["volumeMounts"]),
        volumes(&pod["volumes"])
    );
    let claim = &pod["volumes"][0]["persistentVolumeClaim"]["claimName"];
    assert_eq!(*claim, documents[0]["metadata"]["name"]);
}

#[test]
fn the_dag_tries_again_what_passes_and_nothing_else() {
    if !is_installed("python3") {
        return;
    }
    // Airflow's names, and a program that ends as it is told to.
    let script = "\
import subprocess, sys, types
class Retried(Exception): pass
class Failed(Exception): pass
class Step:
    def __rshift__(self, other): return other
airflow, decorators, exceptions = (types.ModuleType(name) for name in
    ('airflow', 'airflow.decorators', 'airflow.exceptions'))
decorators.dag = lambda **_: lambda function: function
decorators.task = lambda function: lambda: Step()
exceptions.AirflowException, exceptions.AirflowFailException = Retried, Failed
sys.modules.update({it.__name__: it for it in (airflow, decorators, exceptions)})
names = {}
exec(compile(open(sys.argv[1]).read(), sys.argv[1], 'exec'), names)
for code in (0, 2, 65, 70, 73, 75, 77, 129, 130, 143, -9):
    subprocess.run = lambda *_, **__: types.SimpleNamespace(returncode=code)
    try:
        names['run']('clipcensus export')
        print(code, 'passed')
    except Retried: print(code, 'retried')
    except Failed: print(code, 'failed')
";
    let run = python(script, "airflow_dag.py");
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(run.status.success(), "{said}");
    let mut expected: Vec<String> = codes()
        .map(|code| {
            let ending = match code {
                ExitCode::Success => "passed",
                code if code.is_passing() => "retried",
                _ => "failed",
            };
            format!("{} {ending}", code as u8)
        })
        .collect();
    expected.push("-9 retried".to_owned());
    let stdout = String::from_utf8(run.stdout).unwrap();
    assert_eq!(stdout.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn the_image_is_built_of_what_the_program_is_built_of_and_runs_as_nobody_special() {
    for line in CONTAINERFILE
        .lines()
        .filter(|line| line.starts_with("COPY "))
    {
        let mut words: Vec<&str> = line.split(' ').skip(1).collect();
        let _to = words.pop();
        if words[0].starts_with("--from=") {
            continue;
        }
        for path in words {
            let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
            assert!(fs::exists(&path).unwrap(), "{path}");
        }
    }
    let version = env!("CARGO_PKG_RUST_VERSION");
    assert!(
        CONTAINERFILE.contains(&format!("/rust:{version}-")),
        "not Rust {version}"
    );
    let user = CONTAINERFILE.find("\nUSER 10001:10001\n");
    assert!(user < CONTAINERFILE.find("\nENTRYPOINT"), "it runs as root");
    assert!(user.is_some());
}
