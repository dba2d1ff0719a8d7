//! What `authorize` answers: [`Access`].

use std::convert::Infallible;

/// What an operator may see; what the host's `authorize` answers for each request.
///
/// `S` is a type of the host, for example the id of an organisation. A host that has no scopes
/// writes `Access` alone, which has no [`Scope`](Access::Scope) to return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access<S = Infallible> {
    /// The whole trail.
    Everything,
    /// What lies within a scope and nothing else.
    Scope(S),
    /// Nothing. The answer is the 404 of a path that does not exist.
    Denied,
}
