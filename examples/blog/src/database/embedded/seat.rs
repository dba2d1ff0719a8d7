use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The one place at the server.
#[derive(Debug, Default)]
pub(super) struct Seat {
    taken: Mutex<bool>,
    freed: Condvar,
}

impl Seat {
    /// Takes the place, waiting a little for somebody who is about to leave: a pool that replaces its connection
    /// does not wait until the old one is closed.
    pub(super) fn take(&self, patience: Duration) -> bool {
        let is_taken = |taken: &mut bool| *taken;
        let (mut taken, _) = self
            .freed
            .wait_timeout_while(self.lock(), patience, is_taken)
            .unwrap_or_else(PoisonError::into_inner);
        let free = !*taken;
        *taken = true;
        free
    }

    /// Leaves the place to the next.
    pub(super) fn free(&self) {
        *self.lock() = false;
        self.freed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use super::Seat;

    #[test]
    fn the_second_is_refused_until_the_first_has_left() {
        let seat = Seat::default();
        assert!(seat.take(Duration::ZERO));
        assert!(!seat.take(Duration::ZERO));
        seat.free();
        assert!(seat.take(Duration::ZERO));
    }

    #[test]
    fn the_second_waits_for_the_first_to_leave() {
        let seat = Seat::default();
        assert!(seat.take(Duration::ZERO));
        thread::scope(|scope| {
            let second = scope.spawn(|| seat.take(Duration::from_secs(60)));
            seat.free();
            assert!(second.join().unwrap());
        });
    }
}
