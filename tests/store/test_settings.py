"""What the store remembers about itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from identity.store import Store


def test_a_setting_is_stored_once_and_then_stays(store: Store) -> None:
    assert store.views.setting("index_secret") is None
    assert store.put_setting("index_secret", "one") == "one"
    assert store.put_setting("index_secret", "two") == "one"
    assert store.views.setting("index_secret") == "one"
    assert store.views.setting("another") is None


def test_all_who_try_to_store_a_setting_at_once_are_told_the_same(url: str) -> None:
    stores = [Store(url) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        told = list(
            pool.map(lambda numbered: numbered[1].put_setting("s", str(numbered[0])), enumerate(stores))
        )
    assert len(set(told)) == 1
    for store in stores:
        store.close()
