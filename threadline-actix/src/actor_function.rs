//! What the function that names the actor may return.

use std::sync::Arc;

use actix_web::{Error, dev::ServiceRequest};
use threadline::ActorRef;

pub(crate) type ActorFunction =
    Arc<dyn Fn(&ServiceRequest) -> Result<Option<ActorRef>, Error> + Send + Sync>;

/// What the actor function of [`RequestCapture`](crate::RequestCapture) may return.
///
/// * `Option<ActorRef>`: `None` means that nobody was identified. The request goes on, and an
///   audited write in it answers 401. Where visitors may write without being known, return
///   [`ActorRef::anonymous`].
/// * `Result<Option<ActorRef>, E>`: an error refuses the request with the error's own response,
///   before any handler runs. Use it when a half-known actor must not be taken for none.
pub trait IntoActor: sealed::Sealed {
    /// The actor, nobody, or the refusal.
    ///
    /// # Errors
    /// What the actor function returned.
    fn into_actor(self) -> Result<Option<ActorRef>, Error>;
}

impl IntoActor for Option<ActorRef> {
    fn into_actor(self) -> Result<Option<ActorRef>, Error> {
        Ok(self)
    }
}

impl<E: Into<Error>> IntoActor for Result<Option<ActorRef>, E> {
    fn into_actor(self) -> Result<Option<ActorRef>, Error> {
        self.map_err(Into::into)
    }
}

mod sealed {
    use threadline::ActorRef;

    pub trait Sealed {}
    impl Sealed for Option<ActorRef> {}
    impl<E> Sealed for Result<Option<ActorRef>, E> {}
}
