use chrono::{DateTime, Utc};
use threadline::{ActorKind, ActorRef};

use super::{model::ActivityPage, subject::Subject};
use crate::surface::{
    failure::Failure,
    moment::{Instant, Moment},
    parameters::Parameters,
    place::Place,
    reads::Reads,
    visit::Visit,
};

/// How many transactions a page has.
const PAGE_SIZE: u64 = 40;

/// Shows what an actor did.
pub(crate) async fn of_actor(visit: &Visit, reads: &Reads) -> Result<ActivityPage, Failure> {
    let missing = || Failure::NotFound { what: "actor" };
    // Only the last part of the path has an extension.
    let (kind, id) = match visit.last_segment("id") {
        Ok(id) => (visit.segment("kind")?, Some(id)),
        Err(_) => (visit.last_segment("kind")?, None),
    };
    let kind: ActorKind = kind.parse().map_err(|_| missing())?;
    let actor = ActorRef::new(kind, id.as_deref()).map_err(|_| missing())?;
    show(Subject::Actor(actor), visit, reads).await
}

/// Shows what carries a correlation id.
pub(crate) async fn of_correlation(visit: &Visit, reads: &Reads) -> Result<ActivityPage, Failure> {
    show(
        Subject::Correlation(visit.last_segment("id")?),
        visit,
        reads,
    )
    .await
}

/// Shows what happened in a request.
pub(crate) async fn of_request(visit: &Visit, reads: &Reads) -> Result<ActivityPage, Failure> {
    show(Subject::Request(visit.last_segment("id")?), visit, reads).await
}

/// What the query string asks for.
struct Question {
    from: Option<Moment>,
    to: Option<Moment>,
    now: DateTime<Utc>,
    place: Option<Place>,
}

impl Question {
    fn read(mut parameters: Parameters, clock: DateTime<Utc>) -> Result<Self, Failure> {
        let now = parameters.read("now")?.map(|Instant(now)| now);
        let question = Self {
            from: parameters.read("from")?,
            to: Moment::read_if_not_now(&mut parameters, "to")?,
            now: now.unwrap_or(clock),
            place: Place::read(&mut parameters)?,
        };
        let mut known = vec!["from", "to", "now"];
        known.extend(Place::PARAMETERS);
        parameters.finish(&known)?;
        Ok(question)
    }
}

async fn show(subject: Subject, visit: &Visit, reads: &Reads) -> Result<ActivityPage, Failure> {
    let question = Question::read(visit.parameters()?, reads.now())?;
    let at = |moment: Option<Moment>| moment.map(|moment| moment.at(question.now));
    let (since, until) = (at(question.from), at(question.to));
    if let (Some(since), Some(until)) = (since, until)
        && since > until
    {
        return Err(Failure::parameter("from", "it is after “to”"));
    }
    let mut query = subject.narrow(reads.transactions()).page_size(PAGE_SIZE);
    if let Some(since) = since {
        query = query.since(since);
    }
    if let Some(until) = until {
        query = query.until(until);
    }
    let first = question.place.is_none();
    query = match question.place.clone() {
        Some(Place::After(token)) => query.after(token),
        Some(Place::Before(token)) => query.before(token),
        None => query,
    };
    let page = query.fetch(reads.db()).await;
    let page = page.map_err(|err| Place::blamed(question.place.as_ref(), err.into()))?;
    if page.entries.is_empty() && page.next.is_none() && !is_known(&subject, reads).await? {
        return Err(Failure::NotFound {
            what: subject.name(),
        });
    }
    let ids = page.entries.iter().map(|transaction| transaction.id);
    Ok(ActivityPage {
        subject,
        now: question.now,
        from: question.from,
        to: question.to,
        since,
        until,
        first,
        groups: reads.groups_of(ids).await?,
        older: page.next.map(|token| token.to_string()),
        newer: page.previous.map(|token| token.to_string()),
    })
}

/// Whether there is anything at all that the operator may see.
async fn is_known(subject: &Subject, reads: &Reads) -> Result<bool, Failure> {
    let any = subject.narrow(reads.transactions()).page_size(1);
    let any = any.fetch(reads.db()).await?;
    Ok(!any.entries.is_empty() || any.next.is_some())
}
