"""Real labels: people's ratings of 1 366 scans of 19 sites, by the classical way (benchmarks/mriqc_labels.py)."""

import numpy as np
import pytest

from aiqa_integration.validation.ranking import roc_auc
from benchmarks.mriqc_labels import DS030_GATE, UNSEEN_SITE_GATE, abide, best_penalty, ds030, fit, unseen_sites


@pytest.fixture(scope="module")
def seen():
    return abide()


@pytest.fixture(scope="module")
def penalty(seen):
    """Return the penalty that sites of ABIDE choose; DS030 has no part in it."""
    return best_penalty(seen)


def test_the_tables_are_those_that_were_published(seen):
    other = ds030()
    assert (len(seen.sites), len(np.unique(seen.sites)), int(seen.excluded.sum())) == (1101, 17, 156)
    assert (len(other.sites), int(other.excluded.sum())) == (265, 75)
    assert other.names == seen.names
    assert not set(other.sites) & set(seen.sites)


def test_unseen_sites_are_ranked_as_their_raters_did(seen, penalty):
    area = roc_auc(unseen_sites(seen, penalty), seen.excluded)
    assert area is not None
    assert area >= UNSEEN_SITE_GATE


def test_sites_that_had_no_part_in_any_choice_are_ranked_as_their_rater_did(seen, penalty):
    other = ds030()
    area = roc_auc(fit(seen, penalty)(other.metrics), other.excluded)
    assert area is not None
    assert area >= DS030_GATE


def test_shuffled_ratings_rank_nothing(seen, penalty):
    shuffled = np.random.default_rng(3).permutation(seen.excluded)
    other = ds030()
    blind = type(seen)(names=seen.names, metrics=seen.metrics, sites=seen.sites, excluded=shuffled)
    area = roc_auc(fit(blind, penalty)(other.metrics), other.excluded)
    assert area is not None
    assert area < DS030_GATE - 0.1
