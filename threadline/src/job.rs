//! Background jobs: the context of a request in the arguments of the job that it asked for.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    actor::{ActorKind, ActorRef, InvalidActorRef},
    context::{self, AuditContext, InvalidContext},
};

/// The one key that a [`JobContext`] takes in the arguments of a job.
pub const ARGUMENT: &str = "audit_context";
/// The key of `meta` under which [`JobContext::for_job`] names who asked for the job, as
/// `user:42`.
pub const REQUESTED_BY: &str = "requested_by";

/// The context that a job carries in its arguments.
///
/// It takes the one key [`ARGUMENT`], so it can be flattened into the arguments of any job. What
/// can't be recorded is refused when the job is enqueued, and again when its arguments are read:
/// unknown fields, and ids that are empty, too long or hold control characters.
///
/// Flatten it as it is, not as an `Option`: serde turns a flattened value that it can't read into
/// `None`. For jobs that were enqueued before they carried a context, read the arguments with
/// [`JobContext::from_arguments`].
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use serde_json::json;
/// use threadline::{ActorRef, AuditContext, JobContext};
///
/// #[derive(Serialize, Deserialize)]
/// struct PublishPost {
///     post_id: i32,
///     #[serde(flatten)]
///     context: JobContext,
/// }
///
/// // In the request; `JobContext::current()` takes the context of the work in hand.
/// let asked = AuditContext::for_actor(ActorRef::user(42)?).correlation_id("checkout-7");
/// let job = PublishPost { post_id: 1, context: JobContext::new(asked)? };
/// let arguments = serde_json::to_value(&job)?;
/// assert_eq!(arguments, json!({
///     "post_id": 1,
///     "audit_context": {"actor": {"type": "user", "id": "42"}, "correlation_id": "checkout-7"},
/// }));
///
/// // In the worker, which knows the id of the job.
/// let job: PublishPost = serde_json::from_value(arguments)?;
/// let context = job.context.for_job(9)?;
/// assert_eq!(context.actor_ref(), Some(&ActorRef::job(9)?));
/// assert_eq!(context.correlation(), Some("checkout-7"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Arguments", into = "Arguments")]
#[must_use]
pub struct JobContext(AuditContext);

/// Not `deny_unknown_fields`: what stands beside the key belongs to the job.
#[derive(Serialize, Deserialize)]
struct Arguments {
    audit_context: AuditContext,
}

/// Why a job can't carry a context, or does not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidJobContext {
    /// The code that enqueues the job runs outside of every [`scope`](context::scope).
    #[error(
        "no audit context to carry: enqueue inside `context::scope`, or hand one to `JobContext::new`"
    )]
    NoCurrentContext,
    /// The arguments have no context.
    #[error("the arguments of the job have no `{ARGUMENT}`: enqueue the job with a `JobContext`")]
    Missing,
    /// The value in the arguments is no context.
    #[error("`{ARGUMENT}` in the arguments of the job is no audit context")]
    Malformed(#[source] serde_json::Error),
    /// The context can't be recorded.
    #[error("the audit context of the job can't be recorded")]
    InvalidContext(#[from] InvalidContext),
    /// The id of the job can't be one of an actor.
    #[error("the id of the job can't be recorded")]
    InvalidJobId(#[source] InvalidActorRef),
}

impl JobContext {
    /// Carries a context. A job that enqueues another does not hand on its own job id.
    ///
    /// # Errors
    /// [`InvalidJobContext::InvalidContext`], so that the one who enqueues learns of it and not the
    /// worker.
    pub fn new(context: AuditContext) -> Result<Self, InvalidJobContext> {
        let context = context.without_job();
        // With the requester too, or the worker could find that the context has become too large.
        requested(context.clone()).to_json()?;
        Ok(Self(context))
    }

    /// Carries the context of the work in hand, see [`context::current`].
    ///
    /// # Errors
    /// [`InvalidJobContext::NoCurrentContext`] outside of [`context::scope`], and as for
    /// [`new`](Self::new).
    pub fn current() -> Result<Self, InvalidJobContext> {
        Self::new(context::current().ok_or(InvalidJobContext::NoCurrentContext)?)
    }

    /// Reads the context from the arguments of a job, which may hold anything else beside it.
    ///
    /// ```
    /// use serde_json::json;
    /// use threadline::{JobContext, job::InvalidJobContext};
    ///
    /// let enqueued_before = json!({"post_id": 1});
    /// assert!(matches!(
    ///     JobContext::from_arguments(&enqueued_before),
    ///     Err(InvalidJobContext::Missing)
    /// ));
    /// ```
    ///
    /// # Errors
    /// [`InvalidJobContext::Missing`], [`InvalidJobContext::Malformed`] or
    /// [`InvalidJobContext::InvalidContext`].
    pub fn from_arguments(arguments: &Value) -> Result<Self, InvalidJobContext> {
        let value = arguments.get(ARGUMENT).ok_or(InvalidJobContext::Missing)?;
        Self::new(AuditContext::deserialize(value).map_err(InvalidJobContext::Malformed)?)
    }

    /// Who asked for the job, if known.
    pub fn actor_ref(&self) -> Option<&ActorRef> {
        self.0.actor_ref()
    }

    /// The context in which the job acts for itself: the actor is `job:<job_id>`, and `meta` names
    /// who asked for it, see [`REQUESTED_BY`]. Down a chain of such jobs that stays the first one.
    ///
    /// # Errors
    /// [`InvalidJobContext::InvalidJobId`].
    pub fn for_job(self, job_id: impl ToString) -> Result<AuditContext, InvalidJobContext> {
        let actor = ActorRef::job(job_id).map_err(InvalidJobContext::InvalidJobId)?;
        Ok(with_job(requested(self.0), &actor).actor(actor))
    }

    /// The context in which the job acts in the name of the actor that asked for it. If none is
    /// known, transactions refuse the context as they do any that names nobody.
    ///
    /// # Errors
    /// [`InvalidJobContext::InvalidJobId`].
    pub fn for_requester(self, job_id: impl ToString) -> Result<AuditContext, InvalidJobContext> {
        let job = ActorRef::job(job_id).map_err(InvalidJobContext::InvalidJobId)?;
        Ok(with_job(self.0, &job))
    }
}

fn with_job(context: AuditContext, job: &ActorRef) -> AuditContext {
    context.job_id(job.id().unwrap_or_default())
}

/// Adds who asked for the job, unless that was a job which says on whose behalf.
fn requested(context: AuditContext) -> AuditContext {
    let Some(actor) = context.actor_ref() else {
        return context;
    };
    if actor.kind() == ActorKind::Job && context.has_meta(REQUESTED_BY) {
        return context;
    }
    let actor = actor.to_string();
    context.meta(REQUESTED_BY, actor)
}

impl TryFrom<Arguments> for JobContext {
    type Error = InvalidJobContext;

    fn try_from(arguments: Arguments) -> Result<Self, Self::Error> {
        Self::new(arguments.audit_context)
    }
}

impl From<JobContext> for Arguments {
    fn from(JobContext(audit_context): JobContext) -> Self {
        Self { audit_context }
    }
}

#[cfg(test)]
mod tests {
    use std::{error::Error as _, net::IpAddr};

    use proptest::{collection::btree_map, option, prelude::*};
    use serde_json::json;

    use super::*;

    /// Arguments with a key of the host's before and after the context.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Publish {
        post_id: i32,
        #[serde(flatten)]
        context: JobContext,
        request_id: String,
    }

    fn user() -> AuditContext {
        AuditContext::for_actor(ActorRef::user(42).unwrap())
    }

    fn actors() -> impl Strategy<Value = ActorRef> {
        (prop::sample::select(&ActorKind::ALL), "[^\\p{Cc}\\s]{1,40}").prop_map(|(kind, id)| {
            let id = (kind != ActorKind::Anonymous).then_some(id.as_str());
            ActorRef::new(kind, id).unwrap()
        })
    }

    fn metas() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            "[^\\x00]{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                btree_map("[^\\x00]{0,8}", inner, 0..4).prop_map(Value::from_iter),
            ]
        })
    }

    prop_compose! {
        fn contexts()(
            actor in option::of(actors()),
            ids in prop::array::uniform4(option::of("[^\\p{Cc}]{1,60}")),
            ip in option::of(any::<IpAddr>()),
            meta in btree_map("[^\\x00]{0,8}", metas(), 0..4),
        ) -> AuditContext {
            let mut context = AuditContext::without_actor();
            if let Some(actor) = actor { context = context.actor(actor); }
            let [request, correlation, source, traceparent] = ids;
            if let Some(id) = request { context = context.request_id(id); }
            if let Some(id) = correlation { context = context.correlation_id(id); }
            if let Some(source) = source { context = context.source(source); }
            if let Some(trace) = traceparent { context = context.traceparent(trace); }
            if let Some(ip) = ip { context = context.remote_ip(ip); }
            for (key, value) in meta { context = context.meta(key, value); }
            context
        }
    }

    proptest! {
        #[test]
        fn whatever_context_goes_into_the_arguments_comes_out_of_them(
            context in contexts(), post_id: i32, request_id: String,
        ) {
            let carried = JobContext::new(context.clone()).unwrap();
            let job = Publish { post_id, context: carried, request_id };
            let text = serde_json::to_string(&job).unwrap();
            let read: Publish = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&read, &job);
            let value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&JobContext::from_arguments(&value).unwrap(), &read.context);
            let kept = read.context.for_requester(9).unwrap();
            prop_assert!(kept.to_json().is_ok());
            prop_assert_eq!(kept, context.job_id("9"));
        }

        #[test]
        fn what_was_enqueued_can_be_recorded_by_the_worker(
            len in 16_000_usize..=16_400, actor in actors(), job_id in "[^\\p{Cc}\\s]{1,40}",
        ) {
            let context = AuditContext::for_actor(actor).meta("filler", "x".repeat(len));
            if let Ok(carried) = JobContext::new(context) {
                prop_assert!(carried.for_job(job_id).unwrap().to_json().is_ok());
            }
        }
    }

    #[test]
    fn the_actor_of_a_job_is_the_job_or_the_requester_by_choice() {
        let carried = || JobContext::new(user().request_id("r-1").job_id("7")).unwrap();
        let job = ActorRef::job("9").unwrap();
        assert_eq!(
            carried().for_job(9).unwrap(),
            AuditContext::for_actor(job)
                .request_id("r-1")
                .job_id("9")
                .meta(REQUESTED_BY, "user:42")
        );
        assert_eq!(
            carried().for_requester(9).unwrap(),
            user().request_id("r-1").job_id("9")
        );
    }

    #[test]
    fn a_chain_of_jobs_names_the_first_requester_and_no_one_elses() {
        let first = JobContext::new(user()).unwrap().for_job(1).unwrap();
        let second = JobContext::new(first.clone()).unwrap().for_job(2).unwrap();
        assert_eq!(
            second,
            AuditContext::for_actor(ActorRef::job(2).unwrap())
                .job_id("2")
                .meta(REQUESTED_BY, "user:42")
        );
        // Somebody who is no job asks for themselves, whatever is left in `meta`.
        let admin = first.actor(ActorRef::admin(5).unwrap());
        let third = JobContext::new(admin).unwrap().for_job(3).unwrap();
        assert_eq!(
            third,
            AuditContext::for_actor(ActorRef::job(3).unwrap())
                .job_id("3")
                .meta(REQUESTED_BY, "admin:5")
        );
    }

    #[test]
    fn a_job_that_nobody_asked_for_names_no_requester() {
        let carried = || JobContext::new(AuditContext::without_actor()).unwrap();
        assert_eq!(carried().for_requester(9).unwrap().actor_ref(), None);
        assert_eq!(
            carried().for_job(9).unwrap(),
            AuditContext::for_actor(ActorRef::job(9).unwrap()).job_id("9")
        );
    }

    #[track_caller]
    fn refused(context: Value, said: &str) {
        let arguments = json!({"post_id": 1, "request_id": "host", "audit_context": context});
        let error = JobContext::from_arguments(&arguments).unwrap_err();
        let cause = error.source().unwrap().to_string();
        assert!(cause.contains(said), "{error}: {cause}");
        assert!(serde_json::from_value::<Publish>(arguments.clone()).is_err());
        assert!(serde_json::from_value::<JobContext>(arguments).is_err());
    }

    #[test]
    fn what_is_no_context_is_refused_when_the_arguments_are_read() {
        refused(json!({"actor_ref": "user:1"}), "unknown field `actor_ref`");
        refused(json!({"may_miss_actor": true}), "unknown field");
        refused(json!({"actor": {"type": "alien", "id": "1"}}), "alien");
        refused(
            json!({"actor": {"type": "user", "id": " "}}),
            "non-empty id",
        );
        refused(json!({"request_id": ""}), "`request_id` is empty");
        refused(json!({"correlation_id": "a\nb"}), "`correlation_id`");
        refused(
            json!({"traceparent": "x".repeat(257)}),
            "`traceparent` has 257",
        );
        refused(json!({"request_id": 5}), "invalid type");
        refused(json!({"remote_ip": "nowhere"}), "IP address");
        refused(json!({"meta": {"k": "a\0"}}), "`meta`");
        refused(json!(null), "invalid type");
        refused(json!("user:42"), "invalid type");
    }

    #[test]
    fn arguments_without_a_context_are_refused_and_not_taken_for_nobodys() {
        for arguments in [
            json!({"post_id": 1, "request_id": "r"}),
            json!([]),
            json!(null),
        ] {
            let error = JobContext::from_arguments(&arguments).unwrap_err();
            assert!(matches!(error, InvalidJobContext::Missing), "{error}");
            assert!(serde_json::from_value::<Publish>(arguments).is_err());
        }
    }

    #[test]
    fn a_context_that_can_not_be_recorded_is_not_enqueued() {
        let error = JobContext::new(user().request_id("a\0b")).unwrap_err();
        assert!(matches!(error, InvalidJobContext::InvalidContext(_)));
        for id in ["", " ", "a\nb", &"x".repeat(257)] {
            let carried = JobContext::new(user()).unwrap();
            assert!(carried.clone().for_job(id).is_err(), "{id:?}");
            assert!(carried.for_requester(id).is_err(), "{id:?}");
        }
    }

    #[tokio::test]
    async fn the_current_context_is_carried_and_none_is_made_up() {
        assert!(matches!(
            JobContext::current(),
            Err(InvalidJobContext::NoCurrentContext)
        ));
        let carried = context::scope(user(), async { JobContext::current() }).await;
        assert_eq!(carried.unwrap(), JobContext::new(user()).unwrap());
    }
}
