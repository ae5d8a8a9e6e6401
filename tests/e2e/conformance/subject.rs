//! What the story needs to know about each system.

use serde_json::{Value, json};

use crate::real;
use crate::world::{World, definition};

/// What the story needs to know about a system, and one kind of it.
pub(crate) struct Subject {
    pub(crate) system: &'static str,
    pub(crate) settings: &'static str,
    pub(crate) object: Named,
    /// Manifests of other kinds that the policies need.
    pub(crate) others: &'static [(&'static str, &'static str, &'static str)],
    /// A complete spec, and the same with one field changed.
    pub(crate) spec: &'static str,
    pub(crate) changed: &'static str,
    /// The one path that then differs.
    pub(crate) path: &'static str,
    /// A field that `spec` declares, and what a person sets it to.
    pub(crate) drifts: (&'static str, fn() -> Value),
    /// A spec that leaves a field out, the field, and what a person sets it to.
    pub(crate) partial: (&'static str, &'static str, fn() -> Value),
    /// The same spec with another change, so that something is written.
    pub(crate) partial_changed: &'static str,
    /// The methods of a create and of an update.
    pub(crate) create: &'static str,
    pub(crate) update: &'static str,
    /// Whether the API lets two objects have one name.
    pub(crate) duplicates: bool,
    /// Whether the API keeps a field that it does not know.
    pub(crate) keeps_unknown: bool,
    /// Whether the API shows one object alone.
    pub(crate) alone: bool,
}

/// How the objects of the story are called.
pub(crate) struct Named {
    pub(crate) kind: &'static str,
    pub(crate) collection: &'static str,
    /// What is in the paths of their requests.
    pub(crate) path: &'static str,
    /// What is before and after the API's name in `metadata.name`, if that is not the whole key.
    around: (&'static str, &'static str),
}

const POLICY: Named = Named { kind: "Policy", collection: "policies", path: "policies", around: ("", "") };

pub(crate) const SUBJECTS: &[Subject] = &[
    polytomic("{version: \"2025-09-18\"}", "PUT"),
    polytomic("{version: \"2022-12-12\"}", "PATCH"),
    Subject {
        system: "jitsudo",
        settings: "{tenant: 2489E9AD-2EE2-8E00-8EC9-32D5F69181C0}",
        object: POLICY,
        others: &[],
        spec: "{description: old, priority: 5, max_duration_seconds: 600, rules: [{policy_text: 'permit(principal,action,resource);'}]}",
        changed: "{description: new, priority: 5, max_duration_seconds: 600, rules: [{policy_text: 'permit(principal,action,resource);'}]}",
        path: "/description",
        drifts: ("priority", || json!(77)),
        partial: ("{max_duration_seconds: 600}", "description", || json!("by hand")),
        partial_changed: "{max_duration_seconds: 700}",
        create: "POST",
        update: "PATCH",
        duplicates: true,
        keeps_unknown: true,
        alone: true,
    },
    Subject {
        system: "compiuta",
        settings: "{}",
        object: POLICY,
        others: &[("Role", "reader", "{name: Reader, actions: ['core:things:get']}")],
        spec: "{name: Old, members: ['team:local:a'], statements: [{role: reader, tenants: ['*']}]}",
        changed: "{name: New, members: ['team:local:a'], statements: [{role: reader, tenants: ['*']}]}",
        path: "/name",
        drifts: ("members", || json!(["team:local:a", "user:local:mallory"])),
        partial: ("{name: A, statements: [{role: reader, tenants: ['*']}]}", "members", || {
            json!(["user:local:by-hand"])
        }),
        partial_changed: "{name: B, statements: [{role: reader, tenants: ['*']}]}",
        create: "POST",
        update: "PUT",
        duplicates: false,
        keeps_unknown: true,
        alone: true,
    },
    Subject {
        system: "mycloud",
        settings: "{}",
        object: POLICY,
        others: &[],
        spec: "{description: old, document: {statements: [{sid: A, effect: allow, actions: ['s3:X'], resources: [y, z]}]}}",
        changed: "{description: new, document: {statements: [{sid: A, effect: allow, actions: ['s3:X'], resources: [z, y]}]}}",
        path: "/description",
        drifts: ("description", || json!("by hand")),
        partial: (
            "{document: {statements: [{effect: deny, actions: ['s3:X'], resources: [y]}]}}",
            "description",
            || json!("by hand"),
        ),
        partial_changed: "{document: {statements: [{effect: deny, actions: ['s3:X', 's3:W'], resources: [y]}]}}",
        create: "POST",
        update: "PATCH",
        duplicates: false,
        keeps_unknown: true,
        alone: true,
    },
];

/// The row of a built-in system.
pub(crate) fn subject(system: &str) -> &'static Subject {
    SUBJECTS.iter().find(|subject| subject.system == system).unwrap()
}

/// Its PUT resets a field that is left out to its default.
pub(crate) const RABBITMQ: Subject = Subject {
    system: "rabbitmq",
    settings: "{}",
    object: Named { around: ("", "@/"), ..POLICY },
    others: &[],
    spec: "{pattern: '^a', definition: {max-length: 10, message-ttl: 60000}, priority: 5, apply-to: queues}",
    changed: "{pattern: '^b', definition: {message-ttl: 60000, max-length: 10}, priority: 5, apply-to: queues}",
    path: "/pattern",
    drifts: ("priority", || json!(77)),
    partial: ("{pattern: '^a', definition: {max-length: 10}}", "priority", || json!(7)),
    partial_changed: "{pattern: '^b', definition: {max-length: 10}}",
    create: "PUT",
    update: "PUT",
    duplicates: false,
    keeps_unknown: false,
    alone: true,
};

/// It chooses the ids, accepts any number of equal names, and answers 403 for what does not exist.
pub(crate) const DIRECTUS: Subject = Subject {
    system: "directus",
    settings: "{}",
    object: POLICY,
    others: &[],
    spec: "{icon: lock, description: old, ip_access: [10.0.0.0/8], enforce_tfa: true, app_access: true}",
    changed: "{icon: lock, description: new, ip_access: [10.0.0.0/8], enforce_tfa: true, app_access: true}",
    path: "/description",
    drifts: ("enforce_tfa", || json!(false)),
    partial: ("{icon: lock}", "description", || json!("by hand")),
    partial_changed: "{icon: key}",
    create: "POST",
    update: "PATCH",
    duplicates: true,
    keeps_unknown: false,
    alone: true,
};

/// A record is a part of its zone: one path takes every change of both.
pub(crate) const POWERDNS: Subject = Subject {
    system: "powerdns",
    settings: "{}",
    object: Named {
        kind: "RecordSet",
        collection: "records",
        path: "zones",
        around: ("story.example./", ".story.example./A"),
    },
    others: &[("Zone", "story.example.", "{kind: Native}")],
    spec: "{ttl: 300, records: [{content: 192.0.2.1}, {content: 192.0.2.2, disabled: true}]}",
    changed: "{ttl: 600, records: [{content: 192.0.2.2, disabled: true}, {content: 192.0.2.1}]}",
    path: "/ttl",
    drifts: ("ttl", || json!(77)),
    partial: ("{records: [{content: 192.0.2.1}]}", "ttl", || json!(7)),
    partial_changed: "{records: [{content: 192.0.2.9}]}",
    create: "PATCH",
    update: "PATCH",
    duplicates: false,
    keeps_unknown: false,
    alone: false,
};

const fn polytomic(settings: &'static str, update: &'static str) -> Subject {
    Subject {
        system: "polytomic",
        settings,
        object: POLICY,
        others: &[("Role", "R1", "{}"), ("Role", "R2", "{}")],
        spec: "{policy_actions: [{action: read, roles: [R1]}, {action: edit, roles: [R2, R1]}]}",
        changed: "{policy_actions: [{action: read, roles: [R1, R2]}, {action: edit, roles: [R1, R2]}]}",
        path: "/policy_actions/read/roles",
        drifts: ("policy_actions", || json!([{"action": "delete", "role_ids": []}])),
        partial: ("{}", "policy_actions", || json!([])),
        partial_changed: "{policy_actions: [{action: read, roles: [R1]}]}",
        create: "POST",
        update,
        duplicates: true,
        keeps_unknown: true,
        alone: true,
    }
}

impl Subject {
    /// The `metadata.name` of the object with this name in the API.
    pub(crate) fn name(&self, name: &str) -> String {
        let (before, after) = self.object.around;
        format!("{before}{name}{after}")
    }

    /// A change of an object, as [`crate::world::actions`] prints it.
    pub(crate) fn change(&self, action: &str, name: &str) -> String {
        format!("{action} {} {}", self.object.kind, self.name(name))
    }

    pub(crate) fn world(&self) -> World {
        let world = match definition(self.system) {
            Some(_) => World::on(real::live(self.system), self.system, self.settings, ""),
            None => World::with(self.system, self.settings, ""),
        };
        for (kind, name, spec) in self.others {
            world.declare(kind, name, spec);
        }
        world
    }

    /// A world with one object, as declared.
    pub(crate) fn converged(&self) -> World {
        let world = self.world();
        world.declare(self.object.kind, &self.name("alpha"), self.spec);
        world.converge();
        world
    }

    /// Runs a story on the system's real server, if that is installed.
    pub(crate) fn run(&self, story: impl Fn(&Self)) {
        if real::is_there(self.system) {
            story(self);
        }
    }
}
