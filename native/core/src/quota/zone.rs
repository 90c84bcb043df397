//! Local time of a place: by how much it differs from UTC, and from when on.
//!
//! The control plane hands over the changes of the years to come; before the first and after the last one nothing
//! changes. Units: minutes since 1970, and minutes east of UTC.

use serde::Deserialize;

/// From a minute on, local time is UTC and this many minutes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
pub struct Change(pub i64, pub i64);

/// See the module.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Zone {
    changes: Box<[Change]>,
}

/// A time during which local time runs evenly.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Span {
    pub(super) from: i64,
    /// Not part of it.
    pub(super) to: i64,
    pub(super) offset: i64,
}

impl Zone {
    /// `None` when they are not in order, or one is further from UTC than a day.
    pub fn new(changes: &[Change]) -> Option<Self> {
        let ascending = changes.is_sorted_by(|a, b| a.0 < b.0);
        let near = changes.iter().all(|change| change.1.abs() < 1_440);
        (ascending && near).then(|| Self { changes: changes.into() })
    }

    /// The span that `minute` lies in.
    pub(super) fn span(&self, minute: i64) -> Span {
        self.spans().find(|span| minute < span.to).unwrap_or(Span {
            from: i64::MIN,
            to: i64::MAX,
            offset: 0,
        })
    }

    /// The first minute at which clocks show `local` or more.
    pub(super) fn first_at(&self, local: i64) -> i64 {
        let reached = |span: Span| (local - span.offset).max(span.from);
        let found = self.spans().find(|&span| reached(span) < span.to);
        found.map_or(local, reached)
    }

    /// All of them, one behind the other.
    fn spans(&self) -> impl Iterator<Item = Span> {
        let ends = self.changes.iter().skip(1).map(|next| next.0).chain([i64::MAX]);
        let utc = self.changes.is_empty().then_some((Change(i64::MIN, 0), i64::MAX));
        let known = self.changes.iter().copied().zip(ends).enumerate();
        let known = known.map(|(number, (change, to))| {
            (if number == 0 { Change(i64::MIN, change.1) } else { change }, to)
        });
        utc.into_iter().chain(known).map(|(Change(from, offset), to)| Span { from, to, offset })
    }
}
