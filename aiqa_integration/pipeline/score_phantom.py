"""A phantom's series: find it, measure it, judge the values."""

from aiqa_integration.model.phantom import PhantomImages
from aiqa_integration.pipeline.analyst import Analysed, Analyst, Stopwatch
from aiqa_integration.pipeline.infer import find_phantom
from aiqa_integration.pipeline.judge import judge_all
from aiqa_integration.pipeline.measure import find_faults, measure_phantom
from aiqa_integration.pipeline.ports import LoadedSeries
from aiqa_integration.rules.schema import Rule
from aiqa_integration.tolerances.limits import limit_set_for


def score_phantom(series: LoadedSeries, rule: Rule, analyst: Analyst, watch: Stopwatch) -> Analysed:
    """Return the judged values of the phantom that a series shows; raises PhantomNotFound, BundleError, OutOfMemory."""
    with watch.step("infer"):
        phantom, located, bundle = find_phantom(series, rule.analysis, analyst.inferencer)
    images = PhantomImages(stack=series.stack, header=series.header, located=located)
    with watch.step("measure"):
        measurements = measure_phantom(images, phantom)
        findings = find_faults(images, phantom, measurements, series.left_out)
    with watch.step("judge"):
        limits = limit_set_for(phantom.name, rule.limit_sets, analyst.limit_sets)
        judgements = judge_all(measurements, limits, series.header)
    return Analysed(
        analysis_version=phantom.analysis_version,
        phantom=phantom.name,
        bundle=bundle,
        limits=limits,
        judgements=judgements,
        findings=findings,
    )
