//! An audit as metrics.

use clipcensus::audit::Gauges;
use jiff::Timestamp;

use crate::finding::{Audit, Outcome, State};

/// How many findings there are by rule, severity and state, and which rules were evaluated.
pub(crate) fn gauges(audit: &Audit, now: Timestamp) -> Gauges {
    let mut gauges = Gauges::of(&audit.out);
    gauges.one(
        "clipcensus_audit_timestamp_seconds",
        "When the last audit was made",
        now.as_second(),
    );
    let wanted = || {
        audit
            .results
            .iter()
            .filter(|it| !matches!(it.outcome, Outcome::Off(_)))
    };
    gauges.all(
        "clipcensus_audit_evaluated",
        "Whether the last audit evaluated a rule; 0 is not passed",
        wanted().map(|it| {
            let is_evaluated = matches!(it.outcome, Outcome::Evaluated { .. });
            ([("rule", it.rule.name.as_str())], u8::from(is_evaluated))
        }),
    );
    let mut findings = Vec::new();
    for ruled in wanted() {
        if let Outcome::Evaluated { counts, .. } = &ruled.outcome {
            for state in State::ALL {
                let labels = [
                    ("rule", ruled.rule.name.as_str()),
                    ("severity", ruled.rule.severity.name()),
                    ("state", state.name()),
                ];
                findings.push((labels, counts.of(state)));
            }
        }
    }
    gauges.all(
        "clipcensus_audit_findings",
        "Findings of the last audit; new and persisting ones are open",
        findings,
    );
    gauges
}
