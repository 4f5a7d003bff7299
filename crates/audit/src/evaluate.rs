//! A rule at a moment and at the one before: what it finds, and whether that is new.
//!
//! Held are only 16 bytes of the fingerprint of each finding of one rule, at both moments, and a byte.

use std::collections::HashMap;
use std::sync::Arc;

use clipcensus::audit::{SqlFailure, things};
use datafusion::arrow::array::{Array, AsArray, BooleanArray, StringArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Column, DataFusionError, ParamValues};
use datafusion::dataframe::DataFrame;
use datafusion::functions::unicode::expr_fn::left;
use datafusion::logical_expr::{Expr, cast, lit};
use futures_util::TryStreamExt;
use jiff::civil::Date;
use tokio::task::yield_now;

use crate::error::{Error, place, told};
use crate::exception::{Days, Exceptions, Excepts};
use crate::finding::{Counts, Finding, Outcome, State};
use crate::rule::Rule;
use crate::session::{PREVIOUS_CLIPS, Session, why_absent};
use crate::subject::{Fingerprint, Subject};
use crate::table::SNAPSHOT_DATE;

/// Letters of an id, a title or a detail at most.
const LONGEST: i64 = 4096;

/// Findings of a rule that are kept to be shown one by one.
const KEPT: usize = 100;

/// The columns of a rule's rows that count, and those by one of which a finding is found again.
const COLUMNS: [&str; 7] = [
    ACCOUNT_ID,
    "clip_id",
    "owner_id",
    SNAPSHOT_DATE,
    "title",
    "detail",
    SHARE_LINK,
];
const SUBJECTS: [&str; 3] = ["clip_id", "owner_id", SNAPSHOT_DATE];
const ACCOUNT_ID: &str = "account_id";
const SHARE_LINK: &str = "share_link";

/// Who owners are, by account and id: a name, or else an address.
pub(crate) type People = HashMap<(String, String), String>;

/// What rules are held against.
pub(crate) struct Evaluator<'a> {
    pub(crate) now: &'a Session,
    /// The moment before; `None` where there is none.
    pub(crate) before: Option<&'a Session>,
    pub(crate) people: &'a People,
    pub(crate) exceptions: &'a Exceptions,
    pub(crate) with_links: bool,
    pub(crate) only_new: bool,
    /// The day of the snapshot before, if there is one.
    pub(crate) day_before: Option<Date>,
    pub(crate) today: Date,
}

/// A rule as it was planned: its rows have the columns of [`COLUMNS`], and one for each condition.
struct Planned {
    rows: DataFrame,
    /// Why there is nothing to evaluate.
    absent: Option<&'static str>,
    /// The places of the exceptions of the rule, and of those that are conditions.
    places: Vec<usize>,
    conditions: Vec<usize>,
}

/// Fingerprints of findings, cut to 16 bytes, in order, and which of them were found again.
#[derive(Default)]
struct Known {
    all: Vec<u128>,
    is_found: Vec<bool>,
}

impl Evaluator<'_> {
    /// Evaluates a rule, and shows each of its findings as they come; resolved ones come last.
    ///
    /// # Errors
    /// Names the file, line and column of a query that cannot be answered.
    pub(crate) async fn evaluate(
        &self,
        rule: &Arc<Rule>,
        mut show: impl FnMut(&Finding) -> Result<(), Error>,
    ) -> Result<(Outcome, Option<String>), Error> {
        if let [unset, ..] = rule.unset().as_slice() {
            return Ok((Outcome::Off(how_to_set(&rule.name, unset)), None));
        }
        let planned = self.plan(self.now, rule).await?;
        if rule.finds_changes && self.day_before.is_none() {
            return Ok((
                Outcome::NotEvaluated(why_absent(PREVIOUS_CLIPS).to_owned()),
                None,
            ));
        }
        if let Some(absent) = planned.absent {
            return Ok((Outcome::NotEvaluated(why_absent(absent).to_owned()), None));
        }
        let (mut known, mut note) = (Known::default(), None);
        let mut former = None;
        if let Some(before) = self.before.filter(|_| !rule.finds_changes) {
            let planned = self.plan(before, rule).await?;
            if planned.absent.is_some() {
                note = Some(format!(
                    "what {} finds is shown as new: the snapshot before does not have what it needs",
                    rule.name
                ));
            } else {
                known = self.known(rule, planned.rows.clone()).await?;
                former = Some(planned);
            }
        }
        let mut kept = Kept::default();
        let mut seen = Vec::new();
        let days = Days {
            today: self.today,
            before: self.day_before,
        };
        let places = planned.places.clone();
        let conditions = planned.conditions.clone();
        self.each_row(planned.rows, rule, |row| {
            let subject = row.subject();
            let fingerprint = Fingerprint::of(&rule.name, &subject);
            seen.push(cut(fingerprint));
            let was_known = known.find(fingerprint);
            let fits = |place| {
                let at = conditions.iter().position(|it| *it == place);
                at.is_some_and(|at| row.fits(at))
            };
            let judged = self.exceptions.judge(&places, &subject, days, fits);
            let state = match &judged.exception {
                Some(_) => State::Excepted,
                None if was_known && !judged.is_back => State::Persisting,
                None => State::New,
            };
            let finding = Finding {
                exception: judged.exception,
                ..self.finding(rule, state, subject, fingerprint, row)
            };
            if kept.take(&finding, self.only_new) {
                show(&finding)?;
            }
            Ok(())
        })
        .await?;
        let found = seen.len();
        seen.sort_unstable();
        seen.dedup();
        if seen.len() < found {
            note = Some(format!(
                "the rule {} finds {} more than once: its query returns rows of the same clip, owner or snapshot",
                rule.name,
                things((found - seen.len()) as u64, "finding")
            ));
        }
        drop(seen);
        if let Some(former) = former.filter(|_| known.has_missing()) {
            self.each_row(former.rows, rule, |row| {
                let subject = row.subject();
                let fingerprint = Fingerprint::of(&rule.name, &subject);
                if !known.is_missing(fingerprint) {
                    return Ok(());
                }
                let finding = self.finding(rule, State::Resolved, subject, fingerprint, row);
                if kept.take(&finding, self.only_new) {
                    show(&finding)?;
                }
                Ok(())
            })
            .await?;
        }
        Ok((kept.outcome(), note))
    }

    fn finding(
        &self,
        rule: &Arc<Rule>,
        state: State,
        subject: Subject,
        fingerprint: Fingerprint,
        row: &Row<'_>,
    ) -> Finding {
        let owner = subject.owner_id.as_ref().and_then(|owner| {
            let account = subject.account_id.clone().unwrap_or_default();
            self.people.get(&(account, owner.clone())).cloned()
        });
        Finding {
            rule: Arc::clone(rule),
            state,
            fingerprint,
            title: row.text("title"),
            detail: row.text("detail"),
            owner,
            share_link: row.text(SHARE_LINK),
            exception: None,
            subject,
        }
    }

    /// What a rule's query would do.
    async fn plan(&self, session: &Session, rule: &Rule) -> Result<Planned, Error> {
        let at_rule = |error: DataFusionError| wrong(rule, &error);
        let parameters: HashMap<String, _> = rule
            .parameters
            .iter()
            .filter_map(|it| Some((it.name.clone(), it.value.as_ref()?.scalar())))
            .collect();
        let mut rows = session.plan(&rule.sql).await.map_err(at_rule)?;
        if !parameters.is_empty() {
            let parameters = ParamValues::from(parameters);
            rows = rows.with_param_values(parameters).map_err(at_rule)?;
        }
        let absent = session.absent_in(rows.logical_plan())?.into_iter().next();
        let mut wanted = Vec::new();
        for name in COLUMNS {
            // What is not shown need not be read.
            let is_wanted = name != SHARE_LINK || self.with_links;
            if let Some(column) = column(&rows, name).filter(|_| is_wanted) {
                // A few bytes of a file that was handed over may stand for gigabytes of text. No id of ours
                // is longer.
                let text = left(cast(column, DataType::Utf8View), lit(LONGEST));
                wanted.push(cast(text, DataType::Utf8).alias(name));
            }
        }
        if !SUBJECTS.iter().any(|name| column(&rows, name).is_some()) {
            return Err(Error::Usage(format!(
                "{}: the query of a rule returns clip_id, owner_id or snapshot_date, and this one does not",
                rule.place
            )));
        }
        let (mut places, mut conditions) = (Vec::new(), Vec::new());
        for (at, exception) in self.exceptions.of(&rule.name) {
            places.push(at);
            if let Excepts::Where(condition) = &exception.excepts {
                let fits = rows.parse_sql_expr(condition).map_err(|error| {
                    let why = told(&error);
                    Error::Usage(format!(
                        "the exception from {} where {condition}: {why}",
                        rule.name
                    ))
                })?;
                wanted.push(
                    cast(fits, DataType::Boolean).alias(format!("fits {}", conditions.len())),
                );
                conditions.push(at);
            }
        }
        let rows = rows.select(wanted).map_err(at_rule)?;
        Ok(Planned {
            rows,
            absent,
            places,
            conditions,
        })
    }

    /// The findings of the moment before.
    async fn known(&self, rule: &Arc<Rule>, rows: DataFrame) -> Result<Known, Error> {
        let mut all = Vec::new();
        let names = SUBJECTS.into_iter().chain([ACCOUNT_ID]);
        let names: Vec<&str> = names
            .filter(|name| rows.schema().has_column_with_unqualified_name(name))
            .collect();
        let rows = rows
            .select_columns(&names)
            .map_err(|error| wrong(rule, &error))?;
        self.each_row(rows, rule, |row| {
            all.push(cut(Fingerprint::of(&rule.name, &row.subject())));
            Ok(())
        })
        .await?;
        all.sort_unstable();
        all.dedup();
        Ok(Known {
            is_found: vec![false; all.len()],
            all,
        })
    }

    /// Shows the rows that a query finds.
    async fn each_row(
        &self,
        rows: DataFrame,
        rule: &Rule,
        mut show: impl FnMut(&Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let at_rule = |error: DataFusionError| wrong(rule, &error);
        let mut rows = rows.execute_stream().await.map_err(at_rule)?;
        while let Some(batch) = rows.try_next().await.map_err(at_rule)? {
            let columns =
                COLUMNS.map(|name| batch.column_by_name(name).map(AsArray::as_string::<i32>));
            let names = (0..).map(|at| format!("fits {at}"));
            let fits = names.map_while(|name| batch.column_by_name(&name).map(AsArray::as_boolean));
            let fits: Vec<&BooleanArray> = fits.collect();
            // Here a signal ends it, and what was put aside goes away.
            yield_now().await;
            for at in 0..batch.num_rows() {
                show(&Row {
                    columns: &columns,
                    fits: &fits,
                    at,
                })?;
            }
        }
        Ok(())
    }
}

/// How a parameter gets a value.
fn how_to_set(rule: &str, parameter: &str) -> String {
    format!(
        "its parameter {parameter} has no value: give it one with --set {rule}.{parameter}=..., or in \
         [audit.parameters.{rule}] of the settings file"
    )
}

/// An error of a rule, with its file, line and column; one of a file or of the machine as it is.
fn wrong(rule: &Rule, error: &DataFusionError) -> Error {
    if let Some(failure) = crate::error::of_library(error) {
        return Error::Library(failure);
    }
    let why = told(error);
    let code = crate::error::exit_code(error);
    let place = match place(error) {
        Some((line, column)) => {
            let before = u64::try_from(rule.lines_before).unwrap_or(0);
            format!(
                "{}, line {}, column {column}",
                shown_place(rule),
                line + before
            )
        }
        None => shown_place(rule),
    };
    Error::Library(SqlFailure {
        why: format!("{place}: {why}"),
        code,
    })
}

fn shown_place(rule: &Rule) -> String {
    format!("the rule {} ({})", rule.name, rule.place)
}

/// A column of rows by its name, whichever table it came from.
fn column(rows: &DataFrame, name: &str) -> Option<Expr> {
    let fields = rows.schema().iter();
    let mut named = fields.filter(|(_, field)| field.name() == name);
    let (qualifier, field) = named.next()?;
    Some(Expr::Column(Column::from((qualifier, field))))
}

/// A row of a rule.
struct Row<'a> {
    columns: &'a [Option<&'a StringArray>; COLUMNS.len()],
    /// Whether each condition holds.
    fits: &'a [&'a BooleanArray],
    at: usize,
}

impl Row<'_> {
    fn text(&self, name: &str) -> Option<String> {
        let place = COLUMNS.iter().position(|it| *it == name)?;
        let column = self.columns.get(place).copied().flatten()?;
        column
            .is_valid(self.at)
            .then(|| column.value(self.at).to_owned())
    }

    fn subject(&self) -> Subject {
        let (clip_id, owner_id) = (self.text("clip_id"), self.text("owner_id"));
        let is_of_snapshot = clip_id.is_none() && owner_id.is_none();
        Subject {
            account_id: self.text(ACCOUNT_ID),
            snapshot_date: self.text(SNAPSHOT_DATE).filter(|_| is_of_snapshot),
            clip_id,
            owner_id,
        }
    }

    /// Whether the condition of this number holds.
    fn fits(&self, condition: usize) -> bool {
        let column = self.fits.get(condition);
        column.is_some_and(|column| column.is_valid(self.at) && column.value(self.at))
    }
}

/// The first 16 bytes, which no two of any number of findings will have in common.
fn cut(fingerprint: Fingerprint) -> u128 {
    let (first, _) = fingerprint.0.split_first_chunk().unwrap_or((&[0; 16], &[]));
    u128::from_be_bytes(*first)
}

impl Known {
    /// Whether it was there, which is taken note of.
    fn find(&mut self, fingerprint: Fingerprint) -> bool {
        match self.all.binary_search(&cut(fingerprint)) {
            Ok(at) => {
                self.is_found[at] = true;
                true
            }
            Err(_) => false,
        }
    }

    fn has_missing(&self) -> bool {
        self.is_found.contains(&false)
    }

    /// Whether it was there, and was not found again.
    fn is_missing(&self, fingerprint: Fingerprint) -> bool {
        let at = self.all.binary_search(&cut(fingerprint));
        at.is_ok_and(|at| !self.is_found[at])
    }
}

/// What a rule comes to, so far.
#[derive(Default)]
struct Kept {
    counts: Counts,
    by_state: [Vec<Finding>; 4],
}

impl Kept {
    /// Counts a finding, and keeps it if few were. Says whether it is to be shown.
    fn take(&mut self, finding: &Finding, only_new: bool) -> bool {
        self.counts.add(finding.state);
        let is_shown = !only_new || finding.state == State::New;
        let kept = &mut self.by_state[finding.state as usize];
        if is_shown && kept.len() < KEPT {
            kept.push(finding.clone());
        }
        is_shown
    }

    fn outcome(self) -> Outcome {
        let shown = self.by_state.into_iter().flatten();
        Outcome::Evaluated {
            counts: self.counts,
            shown: shown.collect(),
        }
    }
}

#[cfg(test)]
mod tests;
