//! What Threadline costs a request.
//!
//! `POST /api/posts` of the example, whole, against the same insert by handlers that know nothing of Threadline
//! (`plain`), on the same table without triggers. Real HTTP over the loopback interface; the servers and the client
//! are threads of this process.

mod run;

mod client;
mod outcome;
mod plain;

pub(crate) use self::run::run;
