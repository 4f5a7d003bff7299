//! Who the owners are, where that was looked up, and what their departments store.

use std::collections::BTreeMap;

use super::Summary;
use super::summary::DepartmentUsage;
use crate::owner::People;

impl Summary {
    /// Puts names to the owners, by id, and sums their departments up. Nobody known: no change.
    pub fn name_owners(&mut self, mut people: People) {
        if people.is_empty() {
            return;
        }
        let mut departments: BTreeMap<Option<String>, DepartmentUsage> = BTreeMap::new();
        for owner in &mut self.owners {
            let id = owner.owner_id.as_deref();
            owner.person = id.and_then(|id| people.remove(id)).unwrap_or_default();
            let department = owner.person.department.clone();
            let usage = departments.entry(department).or_default();
            usage.owners += 1;
            usage.clips += owner.clips;
            usage.bytes = usage.bytes.plus(owner.bytes);
        }
        if !self.has_names() {
            return;
        }
        let total = self.totals.bytes;
        self.departments = departments
            .into_iter()
            .map(|(department, usage)| DepartmentUsage {
                department,
                bytes_percent: usage.bytes.percent_of(total),
                ..usage
            })
            .collect();
        // Stable, so that equal ones stay in the order of their names.
        self.departments.sort_by(|one, other| {
            let bytes = other.bytes.cmp(&one.bytes);
            bytes.then(other.clips.cmp(&one.clips))
        });
    }

    /// Whether anything is known of any owner.
    #[must_use]
    pub fn has_names(&self) -> bool {
        self.owners.iter().any(|owner| owner.person.is_known())
    }
}
