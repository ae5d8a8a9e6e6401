//! What a list may take, and what it took so far: in pages, in objects, in memory and in time. Each is a limit of the
//! whole list, because a server decides how many pages it has. Not here: who counts, in `http`.

use std::time::Duration;

/// The most that a list may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListLimits {
    /// Its answers, one for each page.
    pub pages: usize,
    /// The objects in its answers.
    pub objects: usize,
    /// Its answers as text, and any one of them as it is in memory, in MiB.
    pub mib: usize,
    /// How long the API takes for all of its answers, in seconds.
    pub seconds: u64,
}

impl Default for ListLimits {
    fn default() -> Self {
        Self { pages: 10_000, objects: 1_000_000, mib: 512, seconds: 120 }
    }
}

/// What a list, or a part of it, took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Answers.
    pub pages: usize,
    /// Objects.
    pub objects: usize,
    /// Bytes: of a list, of its text; of an answer that is measured, of memory.
    pub bytes: usize,
    /// Time until the answers were there.
    pub time: Duration,
}

/// A limit that is exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exceeded {
    /// [`ListLimits::pages`].
    Pages(usize),
    /// [`ListLimits::objects`].
    Objects(usize),
    /// [`ListLimits::mib`].
    Memory(usize),
    /// [`ListLimits::seconds`].
    Time(u64),
    /// How deep an answer may be.
    Depth(usize),
}

impl Spent {
    /// This and what more of the list took, if it is within the limits.
    pub fn and(self, more: Self, limits: &ListLimits) -> Result<Self, Exceeded> {
        let all = Self {
            pages: self.pages.saturating_add(more.pages),
            objects: self.objects.saturating_add(more.objects),
            bytes: self.bytes.saturating_add(more.bytes),
            time: self.time.saturating_add(more.time),
        };
        match () {
            () if all.pages > limits.pages => Err(Exceeded::Pages(limits.pages)),
            () if all.objects > limits.objects => Err(Exceeded::Objects(limits.objects)),
            () if all.bytes >> 20 >= limits.mib => Err(Exceeded::Memory(limits.mib)),
            () if all.time >= Duration::from_secs(limits.seconds) => Err(Exceeded::Time(limits.seconds)),
            () => Ok(all),
        }
    }
}

impl Exceeded {
    /// What is wrong, to be read after "the list" or "the answer".
    pub fn what(self) -> String {
        match self {
            Self::Pages(most) => format!("has more than {most} pages"),
            Self::Objects(most) => format!("has more than {most} objects"),
            Self::Memory(most) => format!("takes more than {most} MiB of memory"),
            Self::Time(most) => format!("is not at its end after {most} seconds"),
            Self::Depth(most) => format!("is nested more than {most} deep"),
        }
    }

    /// What to do about it.
    pub fn help(self) -> String {
        let key = match self {
            Self::Pages(_) => "list_pages",
            Self::Objects(_) => "list_objects",
            Self::Memory(_) => "list_mib",
            Self::Time(_) => "list_seconds",
            Self::Depth(_) => {
                return "no policy API should answer like that: check `url` in enact.yaml".to_owned();
            }
        };
        format!("if the list really is that long, raise `limits.{key}` of this target in enact.yaml")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_holds_for_all_pages_together() {
        let limits = ListLimits { pages: 3, objects: 10, mib: 1, seconds: 2 };
        let page =
            |objects, bytes, seconds| Spent { pages: 1, objects, bytes, time: Duration::from_secs(seconds) };
        let after = |pages: &[Spent]| {
            pages.iter().try_fold(Spent::default(), |spent, page| spent.and(*page, &limits))
        };
        assert_eq!(after(&[page(5, 9, 0), page(5, 9, 1)]), Ok(Spent { pages: 2, ..page(10, 18, 1) }));
        assert_eq!(after(&[page(0, 0, 0); 4]), Err(Exceeded::Pages(3)));
        assert_eq!(after(&[page(5, 0, 0), page(6, 0, 0)]), Err(Exceeded::Objects(10)));
        assert_eq!(after(&[page(0, 1 << 19, 0); 2]), Err(Exceeded::Memory(1)));
        assert_eq!(after(&[page(0, 0, 1); 2]), Err(Exceeded::Time(2)));
        assert_eq!(after(&[page(usize::MAX, 0, 0); 2]), Err(Exceeded::Objects(10)));
    }

    #[test]
    fn each_limit_says_how_to_raise_it() {
        let exceeded = Exceeded::Objects(1_000_000);
        assert_eq!(exceeded.what(), "has more than 1000000 objects");
        assert!(exceeded.help().contains("`limits.list_objects`"));
    }
}
