//! Which rules of one policy say all that another one says. Exact but for conditions, as no two rules cover together what
//! none of them covers alone.

use super::request::{Least, Named};
use super::rule::{CedarRule, EntityScope};

/// A rule with the least requests to which it applies.
pub struct Extent<'r> {
    rule: &'r CedarRule,
    least: Vec<Least>,
}

/// The rules of a policy, in their order.
#[must_use]
pub fn extents(rules: &[CedarRule]) -> Vec<Extent<'_>> {
    let named = Named::by(rules.iter());
    let least = |rule: &CedarRule| rule.parts().filter_map(|part| Least::of(&[&part], &named)).collect();
    rules.iter().map(|rule| Extent { rule, least: least(rule) }).collect()
}

impl Extent<'_> {
    /// Whether no request meets it, as what it asks for contradicts itself.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.least.is_empty()
    }

    /// Whether it forbids.
    #[must_use]
    pub fn denies(&self) -> bool {
        !self.rule.permits
    }

    /// Whether it permits everything to everybody.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        let CedarRule { permits, name: _, principal, action, resource, conditions, audited: _ } = self.rule;
        let any = EntityScope::default();
        *permits && conditions.is_empty() && *principal == any && *resource == any && action.contains(&any)
    }

    /// Whether it applies to all requests that the other one applies to. A permit that is audited in another way does not
    /// count: it matters which of them is there.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let differs = self.rule.permits && self.rule.audited != other.rule.audited;
        !differs && other.least.iter().all(|least| least.is_met_by(self.rule))
    }
}
