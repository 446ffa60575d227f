//! What columns a trajectory in a file has, for whoever changes all of them.

use hdf5::filters::Filter;
use hdf5::{Dataset, Group, LinkType, Location, LocationType};

use super::columns::{self, DENSE, LAYOUT, RAGGED};
use super::{attributes, raw};
use crate::schema::{Leaf, Schema};
use crate::value::ValueType;

/// What lies under a name.
pub(super) enum Member {
    Dataset(Dataset),
    Group(Group),
    /// Something that pypet does not write.
    Foreign,
}

/// Opens what a group has under a name; what is damaged is an error, never something that is not there.
pub(super) fn open(group: &Group, name: &str) -> hdf5::Result<Member> {
    Ok(match group.loc_type_by_name(name)? {
        LocationType::Dataset => Member::Dataset(group.dataset(name)?),
        LocationType::Group => Member::Group(group.group(name)?),
        _ => Member::Foreign,
    })
}

/// The members of a group in the order of their making, each with the target if it is a soft link.
pub(super) fn members(group: &Group) -> hdf5::Result<Vec<(String, Option<String>)>> {
    use hdf5::{IndexType, IterationOrder};
    let list = |index| -> hdf5::Result<Vec<(String, bool)>> {
        let mut found = Vec::new();
        group.iter_visit(index, IterationOrder::Increasing, |name, info| {
            found.push((name.to_owned(), info.link_type == LinkType::Soft));
            Ok(())
        })?;
        Ok(found)
    };
    // Groups of other programs need not remember the order.
    let found = list(IndexType::CreationOrder).or_else(|_| list(IndexType::Name))?;
    let target = |name: &str, is_soft| if is_soft { raw::soft_link(group, name).map(Some) } else { Ok(None) };
    found.into_iter().map(|(name, is_soft)| target(&name, is_soft).map(|target| (name, target))).collect()
}

/// A column of a trajectory.
#[derive(Debug)]
pub(super) struct Found {
    /// Names from the trajectory on, joined by `/`.
    pub(super) path: String,
    pub(super) parent: Group,
    pub(super) name: String,
    pub(super) leaf: Leaf,
    /// Absent for ragged columns.
    pub(super) dataset: Option<Dataset>,
}

/// All columns below a branch, links not followed.
pub(super) fn columns_below(trajectory: &Group, branch: &str, schema: &Schema) -> hdf5::Result<Vec<Found>> {
    let mut found = Vec::new();
    if raw::link_exists(trajectory, branch)? {
        walk(&trajectory.group(branch)?, branch, schema, &mut found)?;
    }
    Ok(found)
}

fn walk(group: &Group, path: &str, schema: &Schema, found: &mut Vec<Found>) -> hdf5::Result<()> {
    for (name, _) in members(group)?.into_iter().filter(|(_, target)| target.is_none()) {
        let path = format!("{path}/{name}");
        match open(group, &name)? {
            Member::Dataset(dataset) => {
                let Some(element) = columns::element_of(&dataset)? else { continue };
                if layout(&dataset)?.as_deref() != Some(DENSE) {
                    continue;
                }
                let shape = dataset.shape().iter().skip(1).map(|&n| Some(n)).collect::<Vec<_>>();
                let value_type = ValueType::scalar(element).with_shape(shape);
                let leaf = describe(&dataset, &path, value_type, schema)?;
                let leaf = Leaf { compress: compression(&dataset), ..leaf };
                found.push(Found { path, parent: group.clone(), name, leaf, dataset: Some(dataset) });
            }
            Member::Group(child) if layout(&child)?.as_deref() == Some(RAGGED) => {
                let rank = attributes::number(&child, "rank")?.unwrap_or(1);
                let values = child.dataset("values")?;
                let element = columns::element_of(&values)?;
                let element = element.ok_or_else(|| hdf5::Error::from("its values have a foreign type"))?;
                let shape = vec![None; usize::try_from(rank).unwrap_or(1).min(32)];
                let value_type = ValueType::scalar(element).with_shape(shape);
                let leaf = describe(&child, &path, value_type, schema)?;
                let leaf = Leaf { compress: compression(&values), ragged: true, ..leaf };
                found.push(Found { path, parent: group.clone(), name, leaf, dataset: None });
            }
            Member::Group(child) => walk(&child, &path, schema, found)?,
            Member::Foreign => {}
        }
    }
    Ok(())
}

/// Every soft link below a group with its path from the trajectory and its target.
pub(super) fn links(group: &Group, path: &str) -> hdf5::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for (name, target) in members(group)? {
        let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
        match target {
            Some(target) => found.push((path, target)),
            None => {
                if let Member::Group(child) = open(group, &name)? {
                    found.extend(links(&child, &path)?);
                }
            }
        }
    }
    Ok(found)
}

/// What an attribute says of a leaf.
pub(super) fn spelled(leaf: &Leaf, attribute: &str) -> String {
    match attribute {
        "comment" => leaf.comment.clone(),
        "units" => leaf.unit.clone(),
        "choices" => leaf.value_type.choices.join(" "),
        "encoding" => leaf.value_type.encoding.clone(),
        _ => leaf.value_type.type_name.clone(),
    }
}

/// The level at which a dataset is compressed.
fn compression(dataset: &Dataset) -> Option<u8> {
    dataset.filters().into_iter().find_map(|filter| match filter {
        Filter::Deflate(level) if level > 0 => Some(level),
        _ => None,
    })
}

fn layout(location: &Location) -> hdf5::Result<Option<String>> {
    attributes::text(location, LAYOUT)
}

/// The leaf with its own name, comment, unit and choices; the names of its dimensions stand in the schema.
fn describe(location: &Location, path: &str, value_type: ValueType, schema: &Schema) -> hdf5::Result<Leaf> {
    let name = path.split_once('/').map_or(path, |(_, below)| below).replace('/', ".");
    let text = |attribute| Ok::<_, hdf5::Error>(attributes::text(location, attribute)?.unwrap_or_default());
    let choices = text("choices")?.split_whitespace().map(ToOwned::to_owned).collect();
    let (encoding, type_name) = (text("encoding")?, text("type")?);
    let declared =
        schema.results.iter().find(|declared| path == format!("results/{}", declared.name.replace('.', "/")));
    let leaf = Leaf::new(&name, ValueType { choices, encoding, type_name, ..value_type });
    let leaf = leaf.with_comment(&text("comment")?).with_unit(&text("units")?);
    Ok(Leaf { dims: declared.map(|declared| declared.dims.clone()).unwrap_or_default(), ..leaf })
}
