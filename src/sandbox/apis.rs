//! The table of APIs, one for each built-in system. Each API is in its own file, which knows no other API.

use super::api::Api;
use super::compiuta::Compiuta;
use super::jitsudo::Jitsudo;
use super::mycloud::Mycloud;
use super::polytomic::Polytomic;

/// The APIs served. A new one is a file and a line here.
static APIS: [&dyn Api; 4] = [&Polytomic, &Jitsudo, &Compiuta, &Mycloud];

/// The API of a system, if the sandbox has one.
pub(crate) fn of(system: &str) -> Option<&'static dyn Api> {
    APIS.into_iter().find(|api| api.system() == system)
}

#[cfg(test)]
mod tests {
    use super::APIS;

    #[test]
    fn every_built_in_system_has_a_sandbox() {
        let mut served: Vec<_> = APIS.iter().map(|api| api.system()).collect();
        served.sort_unstable();
        let registry = crate::system::registry::Registry::built_in();
        let mut built_in: Vec<_> = registry.names().collect();
        built_in.sort_unstable();
        assert_eq!(served, built_in);
    }
}
