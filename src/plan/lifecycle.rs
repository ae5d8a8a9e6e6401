//! What a manifest says about the life of its object: which objects have expired, which are about to, which are held,
//! and which enact only observes.
//!
//! The day is an input: the same manifests and the same live state give the same plan all day long. Not here: reading the
//! clock, which the command line does once a run.

use jiff::Span;
use jiff::civil::Date;

use crate::diagnostic::{Code, Diagnostic, Place};
use crate::manifest::{Hold, Lifecycle};
use crate::model::change::Action;
use crate::model::plan::Expiring;
use crate::model::state::{Declared, Desired};

/// How many days before it expires an object is named in each plan.
const NOTICE_DAYS: i64 = 14;

/// Marks the objects that have expired: from the start of that day git wants them gone.
pub fn expire(desired: &mut Desired, day: Date) {
    for declared in desired.values_mut() {
        declared.expired = declared.manifest.expires.is_some_and(|expires| expires <= day);
    }
}

/// What keeps an object as it is on this day. Taking its manifest away does not end a hold.
pub fn hold(declared: &Declared, day: Date) -> Option<&Hold> {
    declared.manifest.hold.as_ref().filter(|hold| day < hold.until)
}

/// Whether the object's `lifecycle` keeps enact from doing this to it.
pub(super) fn only_observes(declared: &Declared, action: Action) -> bool {
    match declared.manifest.lifecycle {
        Lifecycle::Enforce => false,
        Lifecycle::Observe => true,
        Lifecycle::CreateOnly => action == Action::Update,
    }
}

/// Warns of holds that are over: nobody should take them for a protection.
pub(super) fn over(desired: &Desired, day: Date) -> Vec<Diagnostic> {
    let over = |declared: &Declared| {
        let hold = declared.manifest.hold.as_ref().filter(|hold| hold.until <= day && !declared.orphan)?;
        let message = format!("the hold until {} is over, and the object is written again", hold.until);
        let diagnostic = Diagnostic::new(Code::PlanHoldOver, message).about(&declared.id);
        Some(
            diagnostic.at(declared.manifest.place("/metadata/hold")).help("remove the hold, or move its day"),
        )
    };
    desired.values().filter_map(over).collect()
}

/// The day on which an object expires, if it is soon. An object that is to go anyway has no such day, nor has one that
/// is never deleted.
pub fn expires_soon(declared: &Declared, day: Date) -> Option<Date> {
    let stays = only_observes(declared, Action::Delete);
    let expires = declared.manifest.expires.filter(|_| !declared.absent() && !stays)?;
    let notice = expires.saturating_sub(Span::new().days(NOTICE_DAYS));
    (notice <= day && day < expires).then_some(expires)
}

/// The objects that expire soon, each with the place that says so.
pub(super) fn expiring(desired: &Desired, day: Date) -> Vec<Expiring> {
    let soon = |declared: &Declared| {
        let expires = expires_soon(declared, day)?;
        let Place { file, line, .. } = declared.manifest.place("/metadata/expires");
        Some(Expiring { id: declared.id.clone(), expires, file, line })
    };
    desired.values().filter_map(soon).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::civil::date;

    use super::*;
    use crate::manifest::{Manifest, Source, yaml};
    use crate::model::resource::ResourceId;

    const TODAY: Date = date(2027, 3, 10);

    /// An object with these lines of metadata, on a day.
    fn declared(metadata: &str, day: Date) -> Declared {
        let text =
            format!("apiVersion: polytomic/v1\nkind: Role\nmetadata:\n  name: r\n{metadata}spec: {{}}\n");
        let mut diagnostics = Vec::new();
        let document = yaml::parse(&text, "a.yaml", &mut diagnostics).remove(0);
        let source = Source::all("a.yaml", &text.as_str().into()).next().unwrap();
        let manifest = Arc::new(Manifest::new(&document, source, &mut diagnostics).unwrap());
        assert_eq!(diagnostics, []);
        let id = ResourceId::new("t", "Role", "r");
        let declared = Declared::new(id.clone(), manifest);
        let mut desired = Desired::from([(id.clone(), declared)]);
        expire(&mut desired, day);
        desired.remove(&id).unwrap()
    }

    fn expires(on: &str, day: Date) -> Declared {
        declared(&format!("  expires: {on}\n"), day)
    }

    #[test]
    fn an_object_is_gone_from_the_start_of_its_day_and_not_before() {
        let absent = ["2027-03-09", "2027-03-10", "2027-03-11"].map(|on| expires(on, TODAY).absent());
        assert_eq!(absent, [true, true, false]);
        assert!(!declared("", TODAY).absent());
    }

    #[test]
    fn an_object_is_named_in_the_fortnight_before_it_expires_and_not_afterwards() {
        let soon = |on: &str| expires_soon(&expires(on, TODAY), TODAY).is_some();
        let days = ["2027-03-10", "2027-03-11", "2027-03-24", "2027-03-25", "9999-12-31", "0000-01-01"];
        assert_eq!(days.map(soon), [false, true, true, false, false, false]);
    }

    #[test]
    fn what_is_deleted_anyway_does_not_expire() {
        let absent = declared("  expires: 2027-03-11\n  ensure: absent\n", TODAY);
        assert_eq!(expires_soon(&absent, TODAY), None);
    }

    #[test]
    fn the_note_names_the_line_that_says_so() {
        let one = expires("2027-03-11", TODAY);
        let desired = Desired::from([(one.id.clone(), one)]);
        let [note] = &expiring(&desired, TODAY)[..] else { panic!("one note") };
        assert_eq!((note.file.as_str(), note.line, note.expires), ("a.yaml", 5, date(2027, 3, 11)));
    }

    #[test]
    fn a_hold_ends_at_the_start_of_its_day_and_is_then_reported() {
        let until = |day: &str| declared(&format!("  hold: {{until: {day}, reason: because}}\n"), TODAY);
        let held = ["2027-03-09", "2027-03-10", "2027-03-11"].map(|day| hold(&until(day), TODAY).is_some());
        assert_eq!(held, [false, false, true]);
        let reported = |day: &str| {
            let one = until(day);
            over(&Desired::from([(one.id.clone(), one)]), TODAY).len()
        };
        assert_eq!(["2027-03-10", "2027-03-11"].map(reported), [1, 0]);
    }

    #[test]
    fn what_is_only_observed_depends_on_the_action() {
        let observes = |lifecycle: &str| {
            let one = declared(&format!("  lifecycle: {lifecycle}\n"), TODAY);
            [Action::Create, Action::Update, Action::Delete].map(|action| only_observes(&one, action))
        };
        assert_eq!(observes("enforce"), [false; 3]);
        assert_eq!(observes("observe"), [true; 3]);
        assert_eq!(observes("create-only"), [false, true, false]);
    }

    #[test]
    fn what_is_never_deleted_does_not_expire() {
        let observed = declared("  expires: 2027-03-11\n  lifecycle: observe\n", TODAY);
        assert_eq!(expires_soon(&observed, TODAY), None);
    }

    #[test]
    fn an_orphan_is_held_as_well_and_is_not_asked_to_remove_its_hold() {
        let until = |day: &str| Declared {
            orphan: true,
            ..declared(&format!("  hold: {{until: {day}, reason: because}}\n"), TODAY)
        };
        assert!(hold(&until("2027-03-11"), TODAY).is_some());
        let one = until("2027-03-10");
        assert_eq!(over(&Desired::from([(one.id.clone(), one)]), TODAY), []);
    }

    #[test]
    fn without_a_day_nothing_has_expired() {
        assert!(!expires("0001-01-01", Date::default()).absent());
    }
}
