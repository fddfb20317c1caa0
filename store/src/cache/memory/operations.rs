//! The operations of the contracts.

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::{Entry, LEASE_PREFIX, MemoryCache};
use crate::cache::{
    AppenderCache, Cache, CacheCapabilities, CacheError, CacheResult, ConditionalCache,
    CounterCache, Remaining, parse_counter,
};
use crate::{BoxFuture, Ttl};

/// Nothing here waits, but nothing is done before the future is polled.
fn soon<'a, T: Send + 'a>(work: impl FnOnce() -> T + Send + 'a) -> BoxFuture<'a, T> {
    Box::pin(async move { work() })
}

impl Cache for MemoryCache {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, CacheResult<Option<Bytes>>> {
        soon(|| {
            self.shared.check(key)?;
            self.shared.check_open()?;
            let found = self.shared.find(key);
            self.shared.counters.read(found.is_some());
            Ok(found.map(|entry| entry.value))
        })
    }

    fn set<'a>(&'a self, key: &'a str, value: Bytes, ttl: Ttl) -> BoxFuture<'a, CacheResult<()>> {
        soon(move || self.set_entry(key, &value, ttl))
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, CacheResult<bool>> {
        soon(|| {
            self.write(key, |shared| {
                if shared.remove_if_expired(key) {
                    return Ok(false);
                }
                Ok(shared.map.remove(key).is_some())
            })
        })
    }

    fn exists<'a>(&'a self, key: &'a str) -> BoxFuture<'a, CacheResult<bool>> {
        soon(|| {
            self.shared.check(key)?;
            self.shared.check_open()?;
            let found = self.shared.find(key).is_some();
            self.shared.counters.read(found);
            Ok(found)
        })
    }

    fn clear<'a>(&'a self) -> BoxFuture<'a, CacheResult<()>> {
        soon(|| {
            self.shared.check_open()?;
            self.shared.clear();
            Ok(())
        })
    }

    fn close<'a>(&'a self) -> BoxFuture<'a, CacheResult<()>> {
        soon(|| {
            self.shared.close();
            self.sweeper.stop();
            Ok(())
        })
    }

    fn capabilities(&self) -> CacheCapabilities {
        CacheCapabilities::in_process()
    }

    fn counters(&self) -> Option<&dyn CounterCache> {
        Some(self)
    }

    fn appender(&self) -> Option<&dyn AppenderCache> {
        Some(self)
    }

    fn conditional(&self) -> Option<&dyn ConditionalCache> {
        Some(self)
    }
}

impl CounterCache for MemoryCache {
    fn incr<'a>(&'a self, key: &'a str, delta: i64) -> BoxFuture<'a, CacheResult<i64>> {
        soon(move || {
            self.update(key, |shared, old| {
                let count = old.map_or(Ok(0), |old| parse_counter(&old.value))?;
                let sum = count
                    .checked_add(delta)
                    .ok_or(CacheError::CounterOverflow)?;
                let value = Bytes::from(sum.to_string());
                let entry = match old {
                    Some(old) => Entry {
                        value,
                        deadline: old.deadline,
                    },
                    None => shared.entry(value, Ttl::Default)?,
                };
                Ok((Some(entry), sum))
            })
        })
    }
}

impl AppenderCache for MemoryCache {
    fn append<'a>(&'a self, key: &'a str, data: Bytes) -> BoxFuture<'a, CacheResult<usize>> {
        soon(move || {
            self.update(key, |shared, old| {
                let entry = match old {
                    Some(old) => {
                        let len = old.value.len() + data.len();
                        let mut value = BytesMut::with_capacity(len);
                        value.extend_from_slice(&old.value);
                        value.extend_from_slice(&data);
                        Entry {
                            value: value.freeze(),
                            deadline: old.deadline,
                        }
                    }
                    None => shared.entry(data, Ttl::Default)?,
                };
                let len = entry.value.len();
                Ok((Some(entry), len))
            })
        })
    }
}

impl ConditionalCache for MemoryCache {
    fn set_if_absent<'a>(
        &'a self,
        key: &'a str,
        value: Bytes,
        ttl: Ttl,
    ) -> BoxFuture<'a, CacheResult<bool>> {
        self.compare_and_swap(key, None, value, ttl)
    }

    fn compare_and_swap<'a>(
        &'a self,
        key: &'a str,
        expected: Option<Bytes>,
        value: Bytes,
        ttl: Ttl,
    ) -> BoxFuture<'a, CacheResult<bool>> {
        soon(move || {
            self.update(key, |shared, old| {
                let entry = shared.entry(value, ttl)?;
                let same = old.map(|old| &old.value) == expected.as_ref();
                Ok((same.then_some(entry), same))
            })
        })
    }

    fn compare_and_delete<'a>(
        &'a self,
        key: &'a str,
        expected: Bytes,
    ) -> BoxFuture<'a, CacheResult<bool>> {
        soon(move || {
            self.write(key, |shared| {
                if shared.remove_if_expired(key) {
                    return Ok(false);
                }
                let same = shared.map.get(key).is_some_and(|old| old.value == expected);
                if same {
                    shared.map.invalidate(key);
                }
                Ok(same)
            })
        })
    }

    fn ttl<'a>(&'a self, key: &'a str) -> BoxFuture<'a, CacheResult<Option<Remaining>>> {
        soon(|| {
            self.shared.check(key)?;
            self.shared.check_open()?;
            let found = self.shared.find(key);
            Ok(found.map(|entry| match entry.deadline {
                None => Remaining::Forever,
                Some(deadline) => {
                    let now = self.shared.now();
                    Remaining::For(deadline.saturating_duration_since(now))
                }
            }))
        })
    }

    fn touch<'a>(&'a self, key: &'a str, ttl: Ttl) -> BoxFuture<'a, CacheResult<bool>> {
        soon(move || {
            self.update(key, |shared, old| {
                let fresh = shared.entry(Bytes::new(), ttl)?;
                let touched = old.map(|old| Entry {
                    value: old.value.clone(),
                    ..fresh
                });
                let there = touched.is_some();
                Ok((touched, there))
            })
        })
    }

    fn get_many<'a>(
        &'a self,
        keys: &'a [&'a str],
    ) -> BoxFuture<'a, CacheResult<Vec<Option<Bytes>>>> {
        Box::pin(async move {
            for key in keys {
                self.shared.check(key)?;
            }
            let mut values = Vec::with_capacity(keys.len());
            for key in keys {
                values.push(self.get(key).await?);
            }
            Ok(values)
        })
    }

    fn set_many<'a>(
        &'a self,
        entries: Vec<(String, Bytes)>,
        ttl: Ttl,
    ) -> BoxFuture<'a, CacheResult<()>> {
        soon(move || {
            for (key, _) in &entries {
                self.shared.check(key)?;
            }
            entries
                .iter()
                .try_for_each(|(key, value)| self.set_entry(key, value, ttl))
        })
    }

    fn acquire_lease<'a>(
        &'a self,
        key: &'a str,
        token: Bytes,
        lease: Duration,
    ) -> BoxFuture<'a, CacheResult<bool>> {
        soon(move || {
            let shared = &*self.shared;
            shared.check(key)?;
            let key = format!("{LEASE_PREFIX}{key}");
            let _alone = shared.lock(&key);
            shared.check_open()?;
            let old = shared.map.get(&*key);
            if old
                .as_ref()
                .is_some_and(|old| !old.is_expired(|| shared.now()))
            {
                return Ok(false);
            }
            let entry = shared.entry(token, Ttl::After(lease))?;
            self.store(&key, entry, old.as_ref())?;
            Ok(true)
        })
    }

    fn release_lease<'a>(&'a self, key: &'a str, token: Bytes) -> BoxFuture<'a, CacheResult<bool>> {
        soon(move || {
            let shared = &*self.shared;
            shared.check(key)?;
            let key = format!("{LEASE_PREFIX}{key}");
            let _alone = shared.lock(&key);
            shared.check_open()?;
            let mine = shared
                .map
                .get(&*key)
                .is_some_and(|old| old.value == token && !old.is_expired(|| shared.now()));
            if mine {
                shared.map.invalidate(&*key);
            }
            Ok(mine)
        })
    }
}
