"""The story is the same for the same world, and what it leaves behind is judged by what the demo wrote down."""

from __future__ import annotations

from connectors.demo.stage import Stage
from connectors.demo.story import Story
from tests.connectors.demo.ideal import Ideal


def told(seed: int) -> list[str]:
    stage = Stage.set(seed, scale=0.2)
    ideal, story = Ideal(stage), Story(stage)
    ideal.synchronise()
    acts = story.first_chapter()
    ideal.synchronise()
    return acts + story.second_chapter()


def test_the_same_world_tells_the_same_story() -> None:
    acts = told(6)
    assert acts == told(6)
    assert len(acts) == len(set(acts)) > 15


def test_nothing_that_was_there_before_is_forgotten() -> None:
    stage = Stage.set(seed=6, scale=0.2)
    curated = [one for one in stage.world.organizations if one.tier and not one.deleted]
    kept = {(fact.id, fact.field): fact.value for fact in stage.diary.facts.values()}
    for one in curated:
        assert kept[stage.diary.organizations[one.ref], "custom.Tier"] == one.tier
        assert kept[stage.diary.organizations[one.ref], "address"] == one.address
