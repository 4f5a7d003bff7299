//! What becomes of an answer when a fault strikes.

use super::answer::Delivery;
use super::answer::Reply;
use super::dates;
use super::dates::DAY;
use super::endpoint::Label;
use super::faults;
use super::faults::Fault;
use super::world::Visit;
use super::world::World;

impl World {
    /// Asks the rules about a request, and notes what they say.
    pub(crate) fn strike(
        &self,
        visit: &Visit<'_>,
        fingerprint: u64,
        has_page_token: bool,
    ) -> Option<Fault> {
        let fault = self.faults.strike(&faults::Request {
            target: visit.endpoint.target(),
            account: visit.account,
            fingerprint,
            has_page_token,
        })?;
        self.recorder.fault(fault.name());
        Some(fault)
    }

    /// What becomes of a good answer under a fault that is not about pages of clips.
    pub(crate) fn faulty(&self, fault: Fault, visit: &Visit<'_>, reply: Reply) -> Reply {
        let delivered = |delivery| Reply {
            delivery,
            ..reply.clone()
        };
        match fault {
            Fault::Html(status) => Reply::html(status),
            Fault::ServerError { body: true } => Reply::error(500, 500, "Internal error."),
            Fault::ServerError { body: false } => Reply::json(500, Vec::new()),
            Fault::OkWithErrorCode => Reply::error(200, 3000, "Service temporarily unavailable."),
            Fault::Close => delivered(Delivery::Closed),
            Fault::Reset => delivered(Delivery::Reset),
            Fault::CutBody => delivered(Delivery::Cut),
            Fault::ResetBody => delivered(Delivery::CutByReset),
            Fault::EndlessBody => delivered(Delivery::Endless),
            Fault::NoAnswer => delivered(Delivery::Silent),
            Fault::Slow(delay) => Reply { delay, ..reply },
            Fault::RefuseToken(refusal) => Reply::token_refused(refusal, false),
            Fault::KillToken(refusal) => {
                self.access.kill(visit.authorization, refusal);
                Reply::token_refused(refusal, false)
            }
            Fault::LoseScope => self.access.without_scope(visit.endpoint),
            Fault::ExpirePageToken => {
                Reply::page_token(visit.endpoint.target() == faults::Target::Clips)
            }
            Fault::TooMany(kind) => {
                let label = visit.endpoint.label().unwrap_or(Label::Light);
                let tomorrow = (self.present().div_euclid(DAY) + 1) * DAY;
                let limit = self.options.limits.light_per_day.unwrap_or(30_000);
                Reply::too_many(kind, label, limit, &dates::second_text(tomorrow))
            }
            Fault::Forbidden => Reply::error(403, 1003, "No permission to operate"),
            Fault::ShortPage
            | Fault::EmptyPage
            | Fault::RepeatedPageToken
            | Fault::UnknownPageToken
            | Fault::ForeignPageToken
            | Fault::LostRecord
            | Fault::EarlyEnd
            | Fault::MissingData => reply,
        }
    }
}
