//! How homes get into blocks: where each one is, which block takes a newcomer,
//! and what happens when one is full.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use domain::ids::ListingId;
use hashbrown::HashTable;

use crate::block::{Block, Header};
use crate::hilbert::position;
use crate::index::Memory;
use crate::planes::SLOTS;
use crate::record::Record;
use crate::row::{Change, Row};
use crate::snapshot::Snapshot;
use crate::vocabulary::Registers;

/// Homes put into a block when many come at once; the rest of its slots is for
/// those that come later.
const FILL: usize = 480;

/// What only the writer needs.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    pub registers: Registers,
    /// Block and slot of each home, in one number.
    locations: HashTable<u32>,
    /// Blocks by where on the curve they begin.
    curve: BTreeSet<(u64, u32)>,
    /// What each block takes up: in all, words, single dates.
    weights: Vec<(usize, usize, usize)>,
}

fn hash(id: ListingId) -> u64 {
    let (high, low) = id.0.as_u64_pair();
    let mixed = (low ^ high.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 32
}

fn pack(block: usize, slot: usize) -> u32 {
    u32::try_from(block * SLOTS + slot).unwrap_or(u32::MAX)
}

fn unpack(location: u32) -> (usize, usize) {
    (location as usize / SLOTS, location as usize % SLOTS)
}

impl Writer {
    /// Where a home is.
    pub fn find(&self, id: ListingId, blocks: &[Arc<Block>]) -> Option<(usize, usize)> {
        let is_it = |location: &u32| {
            let (block, slot) = unpack(*location);
            blocks.get(block).is_some_and(|block| block.columns.ids[slot] == id)
        };
        self.locations.find(hash(id), is_it).map(|location| unpack(*location))
    }

    fn locate(&mut self, id: ListingId, blocks: &[Arc<Block>], place: (usize, usize)) {
        self.forget(id, blocks);
        let ids = |location: &u32| {
            let (block, slot) = unpack(*location);
            blocks.get(block).map_or(0, |block| hash(block.columns.ids[slot]))
        };
        self.locations.insert_unique(hash(id), pack(place.0, place.1), ids);
    }

    fn forget(&mut self, id: ListingId, blocks: &[Arc<Block>]) {
        let is_it = |location: &u32| {
            let (block, slot) = unpack(*location);
            blocks.get(block).is_some_and(|block| block.columns.ids[slot] == id)
        };
        if let Ok(entry) = self.locations.find_entry(hash(id), is_it) {
            entry.remove();
        }
    }

    /// What a snapshot takes up with all that belongs to it.
    pub fn memory(&self, snapshot: &Snapshot) -> Memory {
        let sum = |part: fn(&(usize, usize, usize)) -> usize| self.weights.iter().map(part).sum::<usize>();
        let words = sum(|weight| weight.1) + self.registers.memory();
        let around = self.registers.memory() + self.locations.allocation_size() + snapshot.headers.capacity() * size_of::<Header>();
        Memory {
            listings: snapshot.headers.iter().map(|header| usize::from(header.homes)).sum(),
            total: sum(|weight| weight.0) + around,
            words,
            dates: sum(|weight| weight.2),
        }
    }

    fn record(&mut self, row: &Row, snapshot: &mut Snapshot) -> Record {
        let market = Arc::clone(&snapshot.market);
        Record::of(row, snapshot.first, &mut snapshot.vocabulary, (&mut self.registers, &market))
    }

    /// Forgets what was written into a snapshot that nobody will read.
    pub fn return_to(&mut self, snapshot: &Snapshot) {
        self.locations.clear();
        for (number, block) in snapshot.blocks.iter().enumerate() {
            for slot in block.alive.slots() {
                self.locate(block.columns.ids[slot], &snapshot.blocks, (number, slot));
            }
        }
        self.curve.retain(|(_, block)| (*block as usize) < snapshot.blocks.len());
        self.weights = snapshot.blocks.iter().map(|block| block.memory()).collect();
    }

    /// Takes news into a snapshot that nobody reads yet.
    pub fn apply(&mut self, snapshot: &mut Snapshot, changes: impl IntoIterator<Item = Change>) {
        let mut touched = HashSet::new();
        for change in changes {
            match change {
                Change::Upsert(row) => {
                    let record = self.record(&row, snapshot);
                    self.upsert(snapshot, &record, &mut touched);
                }
                Change::Remove(id) => {
                    if let Some((block, slot)) = self.find(id, &snapshot.blocks) {
                        self.forget(id, &snapshot.blocks);
                        Arc::make_mut(&mut snapshot.blocks[block]).remove(slot);
                        touched.insert(block);
                    }
                }
            }
        }
        snapshot.vocabulary.lexicon.settle(false);
        self.weigh(snapshot, touched);
    }

    /// Works out anew what is known of blocks from outside.
    fn weigh(&mut self, snapshot: &mut Snapshot, touched: impl IntoIterator<Item = usize>) {
        for block in touched {
            snapshot.headers[block] = snapshot.blocks[block].header();
            self.weights[block] = snapshot.blocks[block].memory();
        }
        snapshot.memory = self.memory(snapshot);
    }

    fn upsert(&mut self, snapshot: &mut Snapshot, record: &Record, touched: &mut HashSet<usize>) {
        let point = record.facts.point;
        let target = self.block_for(snapshot, position(point));
        if let Some((block, slot)) = self.find(record.id, &snapshot.blocks) {
            if block == target || snapshot.blocks[block].columns.point(slot) == point {
                Arc::make_mut(&mut snapshot.blocks[block]).put(slot, record);
                touched.insert(block);
                return;
            }
            self.forget(record.id, &snapshot.blocks);
            Arc::make_mut(&mut snapshot.blocks[block]).remove(slot);
            touched.insert(block);
        }
        let mut target = target;
        if snapshot.blocks[target].alive.first_free().is_none() {
            self.split(snapshot, target, touched);
            target = self.block_for(snapshot, position(point));
        }
        if let Some(slot) = snapshot.blocks[target].alive.first_free() {
            Arc::make_mut(&mut snapshot.blocks[target]).put(slot, record);
            self.locate(record.id, &snapshot.blocks, (target, slot));
            touched.insert(target);
        }
    }

    /// The block that a place on the curve belongs to.
    fn block_for(&mut self, snapshot: &mut Snapshot, position: u64) -> usize {
        match self.curve.range(..=(position, u32::MAX)).next_back() {
            Some((_, block)) => *block as usize,
            // Only the first block of all begins where the curve does.
            None => self.add(snapshot, 0, &[]),
        }
    }

    fn add(&mut self, snapshot: &mut Snapshot, start: u64, records: &[Record]) -> usize {
        let number = snapshot.blocks.len();
        let block = Block::of(records, snapshot.first, usize::from(snapshot.days));
        snapshot.headers.push(block.header());
        self.weights.push(block.memory());
        snapshot.blocks.push(Arc::new(block));
        self.curve.insert((start, u32::try_from(number).unwrap_or(u32::MAX)));
        for (slot, record) in records.iter().enumerate() {
            self.locate(record.id, &snapshot.blocks, (number, slot));
        }
        number
    }

    /// Moves the further half of a full block into a new one.
    fn split(&mut self, snapshot: &mut Snapshot, full: usize, touched: &mut HashSet<usize>) {
        let block = Arc::clone(&snapshot.blocks[full]);
        let mut records: Vec<Record> = block.alive.slots().map(|slot| block.get(slot)).collect();
        records.sort_by_key(|record| (position(record.facts.point), record.id));
        for record in &records {
            self.forget(record.id, &snapshot.blocks);
        }
        let further = records.split_off(records.len() / 2);
        let start = further.first().map_or(0, |record| position(record.facts.point));
        snapshot.blocks[full] = Arc::new(Block::of(&records, snapshot.first, usize::from(snapshot.days)));
        for (slot, record) in records.iter().enumerate() {
            self.locate(record.id, &snapshot.blocks, (full, slot));
        }
        touched.insert(full);
        touched.insert(self.add(snapshot, start, &further));
    }

    /// Fills an empty snapshot. Rows that come in the order of
    /// [`crate::place_on_curve`] are put away as they come; others are kept until
    /// the last has come.
    pub fn build(&mut self, snapshot: &mut Snapshot, rows: impl IntoIterator<Item = Row>) {
        let (mut waiting, mut last, mut in_order): (Vec<(u64, Record)>, u64, bool) = (Vec::new(), 0, true);
        let mut stragglers = Vec::new();
        let mut seen = 0;
        for row in rows {
            let record = self.record(&row, snapshot);
            let place = position(record.facts.point);
            in_order &= place >= last;
            last = place;
            if !in_order && seen > 0 {
                stragglers.push((place, record));
                continue;
            }
            waiting.push((place, record));
            // Half of it must wait, lest one point begin in the middle of a block.
            if in_order && waiting.len() >= 2 * FILL {
                seen += self.put_away(snapshot, &mut waiting, FILL);
            }
        }
        waiting.sort_by_key(|(place, record)| (*place, record.id));
        while !waiting.is_empty() {
            self.put_away(snapshot, &mut waiting, FILL);
        }
        snapshot.vocabulary.lexicon.settle(true);
        let mut touched = HashSet::new();
        for (_, record) in &stragglers {
            self.upsert(snapshot, record, &mut touched);
        }
        self.weigh(snapshot, touched);
    }

    fn put_away(&mut self, snapshot: &mut Snapshot, waiting: &mut Vec<(u64, Record)>, most: usize) -> usize {
        let rest = waiting.split_off(waiting.len().min(most));
        let start = if snapshot.blocks.is_empty() { 0 } else { waiting.first().map_or(0, |(place, _)| *place) };
        let records: Vec<Record> = std::mem::replace(waiting, rest).into_iter().map(|(_, record)| record).collect();
        self.add(snapshot, start, &records);
        records.len()
    }
}
