//! Maps: entries in insertion order and, once there are more than a few, an
//! index from hashes to entries, in one allocation.
//!
//! | Bytes | Content |
//! |---|---|
//! | 0–15 | header |
//! | 16–19 | number of entries, `u32` |
//! | 20–23 | used places, `u32`: entries and removed ones between them |
//! | 24–27 | room for entries, `u32` |
//! | 28–31 | length of the index, `u32`, a power of two or 0 |
//! | 32– | the places: hash `u32`, 1 if there is an entry `u32`, key, value |
//! | then | the index: number of the place plus 1, 0 is free, `u32` each |
//!
//! Keys are pointers to `String` objects or integers. Hashes are SipHash-1-3
//! under a key of the process; iteration is in order of insertion, so that the
//! key never shows.

use std::hash::{BuildHasher, RandomState};
use std::ptr::NonNull;
use std::sync::LazyLock;

use super::header::{Header, Obj, Ref, SHARED, allocate};
use super::slot;
use super::text::{LEN_MAX, length};
use crate::meta::{Kind, TypeDesc};
use crate::value::{Peek, Value};

/// Where the number of entries lies.
pub const MAP_LEN: usize = 16;
const USED: usize = 20;
const ROOM: usize = 24;
const INDEX: usize = 28;
/// Where the places begin.
pub const MAP_DATA: usize = 32;
const KEY: usize = 8;
const VALUE: usize = 16;

/// Up to so many places are searched one by one.
const SMALL: usize = 8;

static HASH: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// A key to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// Text.
    Text(&'a str),
    /// A number.
    Int(i64),
}

impl<'a> Key<'a> {
    /// The key that a value is.
    #[must_use]
    pub fn from_peek(value: Peek<'a>) -> Option<Self> {
        match value {
            Peek::Int(value) => Some(Self::Int(value)),
            other => other.as_text().map(Self::Text),
        }
    }

    fn hash(self) -> u32 {
        let hash = match self {
            Self::Text(text) => HASH.hash_one(text.as_bytes()),
            Self::Int(value) => HASH.hash_one(value),
        };
        // The upper half is as good as the lower.
        (hash >> 32) as u32
    }

    fn to_value(self) -> Value {
        match self {
            Self::Text(text) => Value::text(text),
            Self::Int(value) => Value::Int(value),
        }
    }
}

impl<'a> From<&'a str> for Key<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Key<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

/// A borrowed map.
#[derive(Clone, Copy, Debug)]
pub struct Map<'a> {
    object: Obj<'a>,
    desc: &'static TypeDesc,
}

impl<'a> Obj<'a> {
    /// The map that the object is.
    ///
    /// # Panics
    ///
    /// If it is none.
    #[must_use]
    pub fn map(self) -> Map<'a> {
        assert!(self.desc().kind == Kind::Map, "not a map: {}", self.desc());
        Map {
            object: self,
            desc: self.desc(),
        }
    }
}

impl<'a> Map<'a> {
    fn word(self, offset: usize) -> usize {
        // SAFETY: a map has its figures here; only its one owner writes them.
        unsafe { self.object.at(offset).cast::<u32>().read() as usize }
    }

    /// Number of entries.
    #[must_use]
    pub fn len(self) -> usize {
        self.word(MAP_LEN)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The type of values.
    #[must_use]
    pub fn elem(self) -> &'static TypeDesc {
        self.desc.elem()
    }

    /// Number of places, for [`entry`](Self::entry); at least the number of entries.
    #[must_use]
    pub fn places(self) -> usize {
        self.word(USED)
    }

    /// The entry at a place, if there is one.
    #[must_use]
    pub fn entry(self, place: usize) -> Option<(Peek<'a>, Peek<'a>)> {
        if place >= self.places() || !self.is_present(place) {
            return None;
        }
        let start = self.place(place);
        // SAFETY: the place holds an entry: an initialised key and value.
        unsafe {
            let key = slot::load(self.desc.key(), start.add(KEY));
            Some((key, slot::load(self.desc.elem(), start.add(VALUE))))
        }
    }

    /// The entries in order of insertion.
    pub fn iter(self) -> impl Iterator<Item = (Peek<'a>, Peek<'a>)> + use<'a> {
        (0..self.places()).filter_map(move |place| self.entry(place))
    }

    /// The value of `key`.
    #[must_use]
    pub fn get<'k>(self, key: impl Into<Key<'k>>) -> Option<Peek<'a>> {
        let key = key.into();
        let place = self.find(key, key.hash())?;
        Some(self.entry(place)?.1)
    }

    /// Whether there is an entry.
    #[must_use]
    pub fn contains<'k>(self, key: impl Into<Key<'k>>) -> bool {
        let key = key.into();
        self.find(key, key.hash()).is_some()
    }

    fn place(self, place: usize) -> *const u8 {
        self.object.at(MAP_DATA + place * stride(self.desc))
    }

    fn place_hash(self, place: usize) -> u32 {
        // SAFETY: every used place has a hash.
        unsafe { self.place(place).cast::<u32>().read() }
    }

    fn is_present(self, place: usize) -> bool {
        // SAFETY: every used place says whether it has an entry.
        unsafe { self.place(place).cast::<u32>().add(1).read() != 0 }
    }

    fn has_key(self, place: usize, key: Key<'_>) -> bool {
        // SAFETY: the caller found that the place has an entry.
        let present = unsafe { slot::load(self.desc.key(), self.place(place).add(KEY)) };
        match (present, key) {
            (Peek::Int(present), Key::Int(key)) => present == key,
            (Peek::Obj(present), Key::Text(key)) => present.text() == key,
            _ => false,
        }
    }

    fn index_slot(self, position: usize) -> *const u32 {
        let start = MAP_DATA + self.word(ROOM) * stride(self.desc);
        self.object.at(start + position * size_of::<u32>()).cast()
    }

    fn find(self, key: Key<'_>, hash: u32) -> Option<usize> {
        let index = self.word(INDEX);
        if index == 0 {
            return (0..self.places()).find(|place| {
                self.is_present(*place)
                    && self.place_hash(*place) == hash
                    && self.has_key(*place, key)
            });
        }
        let mut position = hash as usize & (index - 1);
        loop {
            // SAFETY: the index is initialised.
            let found = unsafe { self.index_slot(position).read() } as usize;
            if found == 0 {
                return None;
            }
            let place = found - 1;
            // A removed entry stays in the index, and never matches.
            if self.place_hash(place) == hash && self.is_present(place) && self.has_key(place, key)
            {
                return Some(place);
            }
            position = (position + 1) & (index - 1);
        }
    }

    fn size(self) -> usize {
        size_for(self.desc, self.word(ROOM), self.word(INDEX))
    }
}

fn stride(desc: &TypeDesc) -> usize {
    VALUE + desc.elem().slot.size().next_multiple_of(8)
}

fn size_for(desc: &TypeDesc, room: usize, index: usize) -> usize {
    MAP_DATA + room * stride(desc) + index * size_of::<u32>()
}

/// Length of the index of a map with room for so many entries: at most three
/// quarters are used.
fn index_for(room: usize) -> usize {
    if room <= SMALL {
        0
    } else {
        (room + room / 3 + 1).next_power_of_two()
    }
}

/// Bytes of the map at `pointer`.
///
/// # Safety
///
/// A map lives there.
pub(super) unsafe fn size(pointer: NonNull<Header>) -> usize {
    // SAFETY: the caller promises a map.
    unsafe { Obj::from_raw(pointer) }.map().size()
}

/// Calls `visit` with every object that the map at `pointer` refers to.
///
/// # Safety
///
/// A map lives there.
pub(super) unsafe fn children(pointer: NonNull<Header>, visit: &mut impl FnMut(NonNull<Header>)) {
    // SAFETY: the caller promises a map.
    let map = unsafe { Obj::from_raw(pointer) }.map();
    for place in 0..map.places() {
        if map.is_present(place) {
            let start = map.place(place);
            // SAFETY: the place has an entry: an initialised key and value.
            unsafe {
                slot::child(map.desc.key(), start.add(KEY), visit);
                slot::child(map.desc.elem(), start.add(VALUE), visit);
            }
        }
    }
}

impl Ref {
    /// A new empty map of type `desc`, with room for `capacity` entries.
    ///
    /// # Panics
    ///
    /// If `desc` is no map type, or the capacity exceeds [`LEN_MAX`].
    #[must_use]
    pub fn new_map(desc: &'static TypeDesc, capacity: usize) -> Self {
        assert!(desc.kind == Kind::Map, "not a map type: {desc}");
        let desc = desc.unrefined();
        let index = index_for(capacity);
        let pointer = allocate(desc, size_for(desc, capacity, index), 0);
        let start = pointer.as_ptr().cast::<u8>();
        let (room, index_len) = (length(capacity), length(index));
        // SAFETY: the allocation has this size, and nothing else knows of it.
        unsafe {
            start.add(MAP_LEN).cast::<u32>().write(0);
            start.add(USED).cast::<u32>().write(0);
            start.add(ROOM).cast::<u32>().write(room);
            start.add(INDEX).cast::<u32>().write(index_len);
            let places = MAP_DATA + capacity * stride(desc);
            start.add(places).write_bytes(0, index * size_of::<u32>());
            Self::from_raw(pointer)
        }
    }

    /// The map, copied first if it has other owners.
    ///
    /// # Panics
    ///
    /// If it is none.
    #[must_use]
    pub fn map_mut(&mut self) -> MapMut<'_> {
        let map = self.obj().map();
        let desc = map.desc;
        if self.is_unique() {
            self.obj().header().clear(SHARED);
        } else {
            let mut copy = Self::new_map(desc, map.len());
            MapMut {
                object: &mut copy,
                desc,
            }
            .append_all(map);
            *self = copy;
        }
        MapMut { object: self, desc }
    }
}

/// A map that this alone owns, to be changed in place.
#[derive(Debug)]
pub struct MapMut<'a> {
    object: &'a mut Ref,
    desc: &'static TypeDesc,
}

impl MapMut<'_> {
    fn view(&self) -> Map<'_> {
        Map {
            object: self.object.obj(),
            desc: self.desc,
        }
    }

    fn set_word(&mut self, offset: usize, value: usize) {
        let value = length(value);
        // SAFETY: a map has its figures here, and this is its only owner.
        unsafe { self.object.at_mut(offset).cast::<u32>().write(value) };
    }

    fn place(&mut self, place: usize) -> *mut u8 {
        self.object.at_mut(MAP_DATA + place * stride(self.desc))
    }

    /// Whether there is an entry.
    #[must_use]
    pub fn contains<'k>(&self, key: impl Into<Key<'k>>) -> bool {
        self.view().contains(key)
    }

    /// Inserts or replaces the value of `key`; an entry keeps its position. Returns
    /// the value before.
    ///
    /// # Panics
    ///
    /// If key or value are not of the types of the map, or there are [`LEN_MAX`]
    /// entries.
    pub fn set<'k>(&mut self, key: impl Into<Key<'k>>, value: Value) -> Option<Value> {
        let key = key.into();
        self.put(key, value, || key.to_value())
    }

    /// As [`set`](Self::set), without copying the text of the key.
    ///
    /// # Panics
    ///
    /// As [`set`](Self::set).
    pub fn set_value(&mut self, key: Value, value: Value) -> Option<Value> {
        let found = Key::from_peek(key.peek()).expect("a key of a map is text or a number");
        self.put(found, value, || key.clone())
    }

    fn put(&mut self, key: Key<'_>, value: Value, own: impl FnOnce() -> Value) -> Option<Value> {
        let hash = key.hash();
        if let Some(place) = self.view().find(key, hash) {
            return Some(self.replace(place, value));
        }
        let mut fresh = [0_u64; 2];
        // SAFETY: no slot is wider than two words. A value of another type does not
        // return, so it is written into a place of its own first.
        unsafe { slot::write(self.desc.elem(), fresh.as_mut_ptr().cast(), value) };
        self.append(hash, own(), &fresh);
        None
    }

    fn replace(&mut self, place: usize, value: Value) -> Value {
        let elem = self.desc.elem();
        let target = self.place(place).wrapping_add(VALUE);
        let mut fresh = [0_u64; 2];
        let fresh = fresh.as_mut_ptr().cast::<u8>();
        // SAFETY: the place has an entry, and its value is written again at once.
        unsafe {
            slot::write(elem, fresh, value);
            let old = slot::take(elem, target);
            target.copy_from_nonoverlapping(fresh, elem.slot.size());
            old
        }
    }

    /// Adds an entry whose key is not there.
    fn append(&mut self, hash: u32, key: Value, value: &[u64; 2]) {
        if self.view().places() == self.view().word(ROOM) {
            self.grow();
        }
        let place = self.view().places();
        let elem_size = self.desc.elem().slot.size();
        let (key_desc, start) = (self.desc.key(), self.place(place));
        // SAFETY: there is room for one more place after the used ones.
        unsafe {
            slot::write(key_desc, start.add(KEY), key);
            let value = value.as_ptr().cast::<u8>();
            start.add(VALUE).copy_from_nonoverlapping(value, elem_size);
            start.cast::<u32>().write(hash);
            start.cast::<u32>().add(1).write(1);
        }
        self.set_word(USED, place + 1);
        self.set_word(MAP_LEN, self.view().len() + 1);
        self.enter(hash, place);
    }

    /// Adds a place to the index, if there is one.
    fn enter(&mut self, hash: u32, place: usize) {
        let index = self.view().word(INDEX);
        if index == 0 {
            return;
        }
        let number = length(place + 1);
        let mut position = hash as usize & (index - 1);
        // SAFETY: the index is initialised, never full, and this is the only owner.
        unsafe {
            while self.view().index_slot(position).read() != 0 {
                position = (position + 1) & (index - 1);
            }
            self.view().index_slot(position).cast_mut().write(number);
        }
    }

    /// A larger map with the same entries, without removed places.
    fn grow(&mut self) {
        let len = self.view().len();
        assert!(len < LEN_MAX, "a value is larger than a value can be");
        let mut larger = Ref::new_map(self.desc, (len * 2).clamp(4, LEN_MAX));
        let mut target = MapMut {
            object: &mut larger,
            desc: self.desc,
        };
        target.append_all(self.view());
        *self.object = larger;
    }

    /// Adds all entries of a map that has none of the keys.
    fn append_all(&mut self, from: Map<'_>) {
        for place in 0..from.places() {
            if let Some((key, value)) = from.entry(place) {
                let mut fresh = [0_u64; 2];
                // SAFETY: no slot is wider than two words.
                unsafe {
                    slot::write(
                        self.desc.elem(),
                        fresh.as_mut_ptr().cast(),
                        value.to_value(),
                    );
                }
                self.append(from.place_hash(place), key.to_value(), &fresh);
            }
        }
    }

    /// Removes an entry and returns its value. The others keep their order.
    pub fn remove<'k>(&mut self, key: impl Into<Key<'k>>) -> Option<Value> {
        let key = key.into();
        let place = self.view().find(key, key.hash())?;
        let (key_desc, elem) = (self.desc.key(), self.desc.elem());
        let start = self.place(place);
        // SAFETY: the place has an entry, and has none afterwards.
        let value = unsafe {
            drop(slot::take(key_desc, start.add(KEY)));
            start.cast::<u32>().add(1).write(0);
            slot::take(elem, start.add(VALUE))
        };
        let len = self.view().len() - 1;
        self.set_word(MAP_LEN, len);
        if len == 0 {
            self.forget_places();
        }
        Some(value)
    }

    /// Takes the value of an entry out, to change it in place without a second
    /// owner: `fill` gets it and leaves what is to stand there.
    pub fn with_entry<'k, T>(
        &mut self,
        key: impl Into<Key<'k>>,
        fill: impl FnOnce(&mut Value) -> T,
    ) -> Option<T> {
        let key = key.into();
        let place = self.view().find(key, key.hash())?;
        let desc = self.desc.elem();
        let target = self.place(place).wrapping_add(VALUE);
        // SAFETY: the place has an entry, and this is the only owner.
        let mut guard = unsafe { slot::Restore::new(desc, target) };
        Some(fill(guard.value()))
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        let desc = self.desc;
        *self.object = Ref::new_map(desc, 0);
    }

    /// Starts over with empty places; there is no entry.
    fn forget_places(&mut self) {
        self.set_word(USED, 0);
        let index = self.view().word(INDEX);
        let start = self.view().index_slot(0).cast_mut();
        // SAFETY: the index is so long, and this is the only owner.
        unsafe { start.write_bytes(0, index) };
    }
}

/// A map of type `desc` with these entries; of equal keys the last value stays.
///
/// # Panics
///
/// As [`MapMut::set`].
#[must_use]
pub fn map_of(desc: &'static TypeDesc, entries: impl IntoIterator<Item = (Value, Value)>) -> Ref {
    let entries = entries.into_iter();
    let mut map = Ref::new_map(desc, entries.size_hint().0);
    {
        let mut target = map.map_mut();
        for (key, value) in entries {
            target.set_value(key, value);
        }
    }
    map
}
