//! The command `audit`.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, IntoInnerError, Seek, Write, copy, stdout};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clipcensus::audit::{
    AuditArgs, AuditFormat, AuditTable, ExitCode, FailOn, WorkFolder, audit_table, caveat,
    keep_audit, print,
};
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{cast, col};
use futures_util::TryStreamExt;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::error::Error;
use crate::evaluate::{Evaluator, People};
use crate::exception::Exceptions;
use crate::finding::{Audit, Finding, Outcome, Ruled};
use crate::form::{Form, JSON, Lines, form};
use crate::metrics::gauges;
use crate::moment::{Moment, Snapshot};
use crate::record;
use crate::record::Given;
use crate::rule::Rule;
use crate::rules::Rules;
use crate::session::{Engine, Session};

/// Holds a snapshot against rules, and shows what breaks them.
pub(crate) async fn run_audit(args: AuditArgs, folder: &WorkFolder) -> Result<ExitCode, Error> {
    let table = match &args.config {
        Some(path) => audit_table(path)?,
        None => AuditTable::default(),
    };
    let rules = Rules::of(&args, &table)?;
    if args.list {
        return shown(&rules.list());
    }
    if let Some(name) = &args.explain {
        return shown(&rules.named(name)?.explained());
    }
    let exceptions = args.exceptions.as_deref().or(table.exceptions.as_deref());
    let exceptions = match exceptions {
        Some(path) => Exceptions::read(path, &rules.names)?,
        None => Exceptions::default(),
    };
    let fail_on = args.fail_on.or(table.fail_on).unwrap_or(FailOn::High);
    let now = Timestamp::now();
    let audited = audit(&args, &rules, &exceptions, now, folder).await?;
    if let Some(path) = &args.metrics_file {
        let written = gauges(&audited.audit, now).write(path);
        written.map_err(|source| Error::Metrics {
            path: path.clone(),
            source,
        })?;
    }
    audited.show(args.format)?;
    let worst = audited.audit.by_severity();
    let fails = |(severity, open): &(_, u64)| *open > 0 && fail_on.is_reached_by(*severity);
    Ok(if worst.iter().any(fails) {
        ExitCode::Findings
    } else {
        ExitCode::Success
    })
}

fn shown(text: &str) -> Result<ExitCode, Error> {
    print(text)?;
    Ok(ExitCode::Success)
}

/// An audit that is over: nothing of it is shown before, so that none is shown by half.
struct Audited {
    audit: Audit,
    /// Its findings in a form that is written one after the other.
    lines: Option<File>,
}

async fn audit(
    args: &AuditArgs,
    rules: &Rules,
    exceptions: &Exceptions,
    now: Timestamp,
    folder: &WorkFolder,
) -> Result<Audited, Error> {
    let out = args.out.clone().unwrap_or_default();
    let reading = &args.reading;
    let (moment, mut notes) = Moment::of(
        &out,
        reading.snapshot,
        args.since,
        reading.allow_incomplete,
        now,
    )?;
    moment.refuse_doubt_before()?;
    let engine = Engine::new(reading, folder)?;
    let session = engine.session(&moment).await?;
    let before = match moment.before() {
        Some(before) => Some(engine.session(&before).await?),
        None => None,
    };
    let people = people(&session).await?;
    let evaluator = Evaluator {
        now: &session,
        before: before.as_ref(),
        people: &people,
        exceptions,
        with_links: args.with_links,
        only_new: args.only_new,
        day_before: moment.previous().map(|it| it.date),
        today: TimeZone::UTC.to_datetime(now).date(),
    };
    let mut audit = head(args, &moment, now);
    let mut shown = match form(args.format) {
        Form::Lines(form) => Some(Spool::begin(form, &engine)?),
        Form::Whole(_) => None,
    };
    let mut kept = if args.save {
        Some(Spool::begin(JSON, &engine)?)
    } else {
        None
    };
    let mut evaluated = BTreeSet::new();
    for rule in rules.wanted() {
        let rule = Arc::new(rule.clone());
        let mut spools: Vec<&mut Spool> = [&mut shown, &mut kept].into_iter().flatten().collect();
        let show = |finding: &Finding| {
            let mut spools = spools.iter_mut();
            spools.try_for_each(|spool| spool.write(&audit, finding))
        };
        let (outcome, note) = evaluator.evaluate(&rule, show).await?;
        notes.extend(note);
        if matches!(outcome, Outcome::Evaluated { .. }) {
            evaluated.insert(rule.name.clone());
        }
        audit.results.push(Ruled { rule, outcome });
    }
    for rule in rules.all.iter().filter(|it| rules.off.contains(&it.name)) {
        let why = "it is switched off in the settings file".to_owned();
        audit.results.push(Ruled {
            rule: Arc::new(rule.clone()),
            outcome: Outcome::Off(why),
        });
    }
    notes.extend(rules.differences.iter().cloned());
    let evaluated: BTreeSet<&str> = evaluated.iter().map(String::as_str).collect();
    notes.extend(exceptions.notes(evaluator.today, &evaluated));
    audit.notes = notes;
    if let Some(kept) = kept {
        let given = Given {
            verify: reading.verify,
            allow_incomplete: reading.allow_incomplete,
            with_links: args.with_links,
            exceptions: exceptions.file(),
        };
        let findings = kept.end()?;
        let layout = &moment.layout;
        keep_audit(layout, moment.subject().date, |output| {
            record::write(output, &audit, &given, findings)
        })?;
    }
    Ok(Audited {
        audit,
        lines: shown.map(Spool::end).transpose()?,
    })
}

/// Findings put aside in a form that is written one after the other.
struct Spool {
    form: Lines,
    file: BufWriter<File>,
    folder: PathBuf,
}

impl Spool {
    fn begin(form: Lines, engine: &Engine) -> Result<Self, Error> {
        let folder = engine.work();
        let unspooled = |source| Self::unwritten(&folder, source);
        let file = tempfile::tempfile_in(&folder).map_err(unspooled)?;
        let mut file = BufWriter::new(file);
        (form.begin)(&mut file).map_err(unspooled)?;
        Ok(Self { form, file, folder })
    }

    fn write(&mut self, audit: &Audit, finding: &Finding) -> Result<(), Error> {
        let written = (self.form.write)(&mut self.file, audit, finding);
        written.map_err(|error| Self::unwritten(&self.folder, error))
    }

    /// The file, to be read from its begin.
    fn end(self) -> Result<File, Error> {
        let ended = self.file.into_inner().map_err(IntoInnerError::into_error);
        let rewound = ended.and_then(|mut file| file.rewind().map(|()| file));
        rewound.map_err(|error| Self::unwritten(&self.folder, error))
    }

    fn unwritten(folder: &Path, source: io::Error) -> Error {
        Error::Write {
            place: folder.display().to_string(),
            source,
        }
    }
}

/// What is known of an audit before any rule.
fn head(args: &AuditArgs, moment: &Moment, now: Timestamp) -> Audit {
    let subject = moment.subject();
    let manifest = &subject.manifest;
    let at = Timestamp::from_microsecond(manifest.snapshot_at.0);
    Audit {
        out: args.out.clone().unwrap_or_default().display().to_string(),
        snapshot_date: subject.date.to_string(),
        snapshot_at: at.map_or_else(|_| subject.date.to_string(), |at| at.to_string()),
        verdict: subject.verdict(),
        is_hashed: args.reading.verify,
        listed: (manifest.started_at.clone(), manifest.finished_at.clone()),
        manifest_sha256: subject.manifest_sha256.clone(),
        simulated: manifest.simulated,
        clips: manifest.totals.written,
        since: moment.previous().map(|it| it.date.to_string()),
        since_verdict: moment.previous().map(Snapshot::verdict),
        since_sha256: moment.previous().map(|it| it.manifest_sha256.clone()),
        audited_at: Timestamp::from_second(now.as_second())
            .unwrap_or(now)
            .to_string(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        results: Vec::new(),
        notes: Vec::new(),
        only_new: args.only_new,
    }
}

/// Who the owners are, where the snapshot has them.
async fn people(session: &Session) -> Result<People, Error> {
    let mut people = People::new();
    let rows = session
        .plan(
            "SELECT account_id, id, CASE WHEN email IS NULL THEN name WHEN name IS NULL THEN email \
             ELSE name || ' <' || email || '>' END AS known_as FROM owners",
        )
        .await?;
    let columns = ["account_id", "id", "known_as"];
    let texts = columns.map(|name| cast(col(name), DataType::Utf8).alias(name));
    let mut rows = rows.select(texts)?.execute_stream().await?;
    while let Some(batch) = rows.try_next().await? {
        let [account, id, known_as] = [0, 1, 2].map(|at| batch.column(at).as_string::<i32>());
        for at in (0..batch.num_rows()).filter(|at| known_as.is_valid(*at)) {
            let key = (account.value(at).to_owned(), id.value(at).to_owned());
            people.insert(key, known_as.value(at).to_owned());
        }
    }
    Ok(people)
}

impl Audited {
    fn show(&self, format: AuditFormat) -> Result<(), Error> {
        let whole = match form(format) {
            Form::Whole(whole) => whole,
            Form::Lines(_) => {
                // What a reader of the lines alone would miss.
                for note in &self.audit.notes {
                    caveat(note);
                }
                for (rule, why) in self.audit.not_evaluated() {
                    caveat(&format!("the rule {} was not evaluated: {why}", rule.name));
                }
                return self.copy();
            }
        };
        Ok(print(&whole(&self.audit))?)
    }

    /// Shows the lines.
    fn copy(&self) -> Result<(), Error> {
        let Some(lines) = &self.lines else {
            return Ok(());
        };
        let mut output = BufWriter::new(stdout());
        let copied = copy(&mut BufReader::new(lines), &mut output).and_then(|_| output.flush());
        match copied {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Error::Stdout(error)),
            _ => Ok(()),
        }
    }
}

impl Audit {
    /// The rules that were not evaluated, and why.
    pub(crate) fn not_evaluated(&self) -> impl Iterator<Item = (&Arc<Rule>, &str)> {
        self.results.iter().filter_map(|it| match &it.outcome {
            Outcome::NotEvaluated(why) => Some((&it.rule, why.as_str())),
            Outcome::Evaluated { .. } | Outcome::Off(_) => None,
        })
    }
}
