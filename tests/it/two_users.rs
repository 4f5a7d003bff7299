//! A second user of the same machine, with whom the first shares a group, and so the output folder. Both are user
//! ids of the kernel, which root alone can take on.

use std::fs;
use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::support::{
    Program, Run, Victim, World, clips, files_below, is_installed, private_dir, skipped,
};

const FIRST: u32 = 61_234;
const SECOND: u32 = 61_235;
const GROUP: u32 = 61_236;

/// An output folder that a group may write to, and a folder that belongs to the first user alone.
struct Shared {
    world: World,
    victim: Victim,
    program: PathBuf,
}

impl Shared {
    /// None where nobody can be another user.
    fn new() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            skipped("only root can be two users");
            return None;
        }
        let world = World::new(clips(100));
        let folder = world.folder.path();
        fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
        // The one that was built may stand where no other user can go. Another process copies it: a program that
        // is forked here by another test meanwhile would hold the copy open for writing, and busy.
        let program = folder.join("clipcensus");
        let built = env!("CARGO_BIN_EXE_clipcensus");
        let copied = Command::new("cp").arg(built).arg(&program).status();
        assert!(copied.unwrap().success());
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        let victim = Victim::new(&world);
        private_dir(&victim.0);
        give(&victim.0, FIRST);
        fs::create_dir(world.out()).unwrap();
        fs::set_permissions(world.out(), Permissions::from_mode(0o2775)).unwrap();
        chown(world.out(), Some(FIRST), Some(GROUP)).unwrap();
        fs::set_permissions(world.out(), Permissions::from_mode(0o2775)).unwrap();
        Some(Self {
            world,
            victim,
            program,
        })
    }

    /// What a command of the first user says.
    fn first(&self, command: Program) -> Run {
        command.by(FIRST, GROUP, &self.program).run()
    }

    fn export(&self) -> Run {
        let metrics = self.world.out().join("metrics.prom");
        let export = self.world.export();
        self.first(export.env("CLIPCENSUS_METRICS_FILE", metrics.to_str().unwrap()))
    }

    /// What a command on the output folder says.
    fn on_folder(&self, words: &[&str]) -> Run {
        self.first(Program::new(words).arg(self.world.out().to_str().unwrap()))
    }

    /// The second user, who does something by the name of a shell or of Python.
    fn second(&self, language: &[&str], script: &str) -> Command {
        let mut command = Command::new(language[0]);
        command
            .args(&language[1..])
            .arg(script)
            .env("OUT", self.world.out())
            .env("VICTIM", &self.victim.0)
            .env("INODE", self.victim.inode().to_string())
            .stdin(Stdio::null())
            .uid(SECOND)
            .gid(GROUP)
            .current_dir("/");
        command
    }

    #[track_caller]
    fn second_does(&self, script: &str) {
        let script = format!("umask 002; cd \"$OUT\"; {script}");
        let done = self.second(&["/bin/sh", "-ec"], &script).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{script}: {said}");
    }
}

/// Gives a folder and all it holds to a user.
fn give(folder: &Path, user: u32) {
    chown(folder, Some(user), Some(user)).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            give(&path, user);
        } else {
            chown(path, Some(user), Some(user)).unwrap();
        }
    }
}

/// What the second user puts where the first is about to export for the first time, or for the second.
const PLANTED: [(bool, &str); 10] = [
    (
        false,
        r#"mkdir -p _work/publish; printf '{"snapshot_date":"x","swaps":[],"retired":[{"place":"%s","inode":%s}]}' "$VICTIM" "$INODE" > _work/intent.json"#,
    ),
    (
        false,
        r#"mkdir -m 700 _work; ln -s "$VICTIM" _work/publish"#,
    ),
    (false, r#"ln -s "$VICTIM" _work"#),
    (
        false,
        r#"ln -s "$VICTIM" clips; ln -s "$VICTIM" _snapshots"#,
    ),
    (true, r#"mv _work away; ln -s "$VICTIM" _work"#),
    (true, r#"mv clips away; ln -s "$VICTIM" clips"#),
    (true, r#"mv _snapshots away; ln -s "$VICTIM" _snapshots"#),
    (
        true,
        r#"ln -s "$VICTIM" clips/snapshot_date=2026-01-01; cp -r _snapshots/2026-11-01 _snapshots/2026-01-01; ln -s "$VICTIM" _snapshots/2026-01-02"#,
    ),
    (
        true,
        r#"rm _snapshots/latest.json; ln -s "$VICTIM/secret" _snapshots/latest.json; rm metrics.prom; ln -s "$VICTIM/secret" metrics.prom"#,
    ),
    (
        true,
        "rm _snapshots/latest.json; mkfifo _snapshots/latest.json; rm -r clips/*; mkfifo clips/snapshot_date=2026-11-01",
    ),
];

#[test]
fn what_a_second_user_plants_is_neither_obeyed_nor_followed() {
    for (is_published, script) in PLANTED {
        let Some(shared) = Shared::new() else {
            return;
        };
        if is_published {
            let run = shared.export();
            assert_eq!(run.code, Some(0), "{}", run.stderr);
        }
        shared.second_does(script);
        let runs = [
            shared.export(),
            shared.on_folder(&["report"]),
            shared.on_folder(&["verify", "--all"]),
            shared.on_folder(&["list"]),
            shared.on_folder(&["prune", "--keep-daily=1"]),
        ];
        for run in runs {
            let said = run.stdout + &run.stderr;
            assert!(
                matches!(run.code, Some(0 | 2 | 65 | 73 | 75)),
                "{script}: {said}"
            );
            assert!(!said.contains(Victim::SECRET), "{script}: {said}");
        }
        shared.victim.assert_untouched();
        // What is the first user's own is seen through links of the second.
        let is_of_victim = |file: &PathBuf| {
            let real = file.canonicalize();
            real.is_ok_and(|real| real.starts_with(&shared.victim.0))
        };
        let mut published = files_below(&shared.world.out());
        published.retain(|file| file.is_file() && !is_of_victim(file));
        for file in published {
            let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
            assert!(!text.contains(Victim::SECRET), "{}", file.display());
        }
    }
}

#[test]
fn what_a_second_user_changes_of_a_snapshot_is_found_by_verify() {
    let data = "clips/snapshot_date=2026-11-01/part-00000.parquet";
    let changes = [
        format!("printf x >> {data}"),
        format!("printf xxxx | dd of={data} bs=1 seek=100 conv=notrunc status=none"),
        format!("size=$(wc -c < {data}); rm {data}; head -c $size /dev/zero > {data}"),
        format!("rm {data}"),
        format!("cp {data} clips/snapshot_date=2026-11-01/part-00001.parquet"),
        "sed -i s/verified/unverified/ _snapshots/2026-11-01/manifest.json".to_owned(),
        "printf x >> _snapshots/2026-11-01/report.html".to_owned(),
        "printf x >> _snapshots/2026-11-01/summary.json".to_owned(),
        "mv _snapshots/2026-11-01 _snapshots/2026-11-02".to_owned(),
    ];
    for change in changes {
        let Some(shared) = Shared::new() else {
            return;
        };
        let run = shared.export();
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        let run = shared.on_folder(&["verify", "--all"]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        shared.second_does(&change);
        let run = shared.on_folder(&["verify", "--all"]);
        assert_eq!(run.code, Some(65), "{change}: {}", run.stdout);
        shared.victim.assert_untouched();
    }
}

/// Puts links in the place of folders and back, thousands of times a second, until it is killed.
const EXCHANGES: &str = r#"
import os
out, victim = os.environ["OUT"], os.environ["VICTIM"]
while True:
    for name in ("_work", "clips", "_snapshots"):
        place, aside = f"{out}/{name}", f"{out}/aside-{name}"
        for step in (
            lambda: os.rename(place, aside),
            lambda: os.symlink(victim, place),
            lambda: os.unlink(place),
            lambda: os.rename(aside, place),
        ):
            try: step()
            except OSError: pass
"#;

/// A process that ends with the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Whether the system can hold a program to some folders.
#[cfg(target_os = "linux")]
fn can_confine() -> bool {
    use landlock::{ABI, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr};

    let rules = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    let rules = rules.handle_access(AccessFs::from_write(ABI::V2));
    rules.and_then(Ruleset::create).is_ok()
}

#[cfg(target_os = "linux")]
#[test]
fn links_that_a_second_user_exchanges_all_the_time_lead_nowhere() {
    if !is_installed("python3") {
        return;
    }
    if !can_confine() {
        return skipped("the system has no Landlock");
    }
    let Some(shared) = Shared::new() else {
        return;
    };
    let exchanges = shared.second(&["python3", "-c"], EXCHANGES).spawn();
    let _exchanges = Killed(exchanges.unwrap());
    for _ in 0..40 {
        for run in [
            shared.export(),
            shared.on_folder(&["prune", "--keep-daily=1"]),
        ] {
            assert!(
                matches!(run.code, Some(0 | 2 | 65 | 73 | 75)),
                "{}",
                run.stderr
            );
        }
        shared.victim.assert_untouched();
    }
}
