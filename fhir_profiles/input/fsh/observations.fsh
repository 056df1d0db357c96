RuleSet: OwnProfile
* ^status = #draft
* ^experimental = false
* ^publisher = "AIQA Integration project"
* obeys aiqa-simulated

RuleSet: ResultIdentifiers
* identifier 1..*
* identifier obeys aiqa-uid
* identifier ^slicing.discriminator.type = #value
* identifier ^slicing.discriminator.path = "system"
* identifier ^slicing.rules = #open
* identifier contains result 1..1 MS and observationUid 0..1 MS
* identifier[result] ^short = "UUIDv5 of study, series, analysis and kind: a re-score updates the same resource"
* identifier[result].system 1..1
* identifier[result].system = "https://w3id.org/aiqa/fhir/sid/result"
* identifier[result].value 1..1
* identifier[observationUid] ^short = "Observation UID (0040,A171) of the same result in the DICOM SR"
* identifier[observationUid].system 1..1
* identifier[observationUid].system = "urn:dicom:uid"
* identifier[observationUid].value 1..1

RuleSet: ResultCategories(local)
* category ^slicing.discriminator.type = #pattern
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category contains kind 1..1 MS and imaging 1..1 MS
* category[kind] = $QaCategory#{local}
* category[imaging] = $ObservationCategory#imaging

RuleSet: ComponentSlicing
* component ^slicing.discriminator.type = #pattern
* component ^slicing.discriminator.path = "code"
* component ^slicing.rules = #open

RuleSet: SeriesUid(cardinality)
* component contains seriesUid {cardinality} MS
* component[seriesUid] ^short = "The series: R4 has no reference to one"
* component[seriesUid] obeys aiqa-series-uid
* component[seriesUid].code = $DCM#112002
* component[seriesUid].value[x] only string
* component[seriesUid].value[x] 1..1

RuleSet: LimitSet
* extension contains $Instantiates named limitSet 0..1 MS
* extension[limitSet] ^short = "The limit set (PlanDefinition with version) that the values were judged by"

RuleSet: MetricSlice(slice, metric, unit)
* component contains {slice} 0..1 MS
* component[{slice}].code = $QaMetric#{metric}
* component[{slice}].value[x] only Quantity
* component[{slice}].valueQuantity.system 1..1
* component[{slice}].valueQuantity.system = $UCUM
* component[{slice}].valueQuantity.code 1..1
* component[{slice}].valueQuantity.code = {unit}

Profile: AiqaPhantomRun
Parent: Observation
Id: aiqa-phantom-run
Title: "Phantom run"
Description: "One run of a phantom on a scanner: the outcome as value, one component per metric with its limits and verdict. The subject is the scanner, the device is the algorithm, derivedFrom is the study of the phantom. A series that could not be evaluated has no value but dataAbsentReason."
* insert OwnProfile
* insert ResultIdentifiers
* insert ResultCategories(phantom-qa)
* insert LimitSet
* obeys aiqa-final-value and aiqa-fail-qcf and aiqa-pass-clean
* partOf 1..1 MS
* partOf only Reference(ImagingStudy)
* status from QaResultStatusValues (required)
* code.coding ^slicing.discriminator.type = #value
* code.coding ^slicing.discriminator.path = "system"
* code.coding ^slicing.rules = #open
* code.coding contains run 1..1 MS and assessment 0..1 MS
* code.coding[run].system 1..1
* code.coding[run].system = $QaMetric
* code.coding[run].code 1..1
* code.coding[assessment].system 1..1
* code.coding[assessment].system = $DCM
* code.coding[assessment].code 1..1
* code.coding[assessment].code = #111050
* subject 1..1 MS
* subject only Reference(Device or Location)
* encounter 0..0
* effective[x] only dateTime
* issued 1..1 MS
* value[x] only CodeableConcept
* value[x] from QaOutcomeValues (required)
* interpretation 0..1 MS
* interpretation from QaInterpretationValues (required)
* bodySite 0..0
* specimen 0..0
* method 1..1 MS
* device 1..1 MS
* device only Reference(Device)
* referenceRange 0..0
* hasMember only Reference(Observation)
* hasMember ^short = "The metrics, where a receiver wants one Observation each (aiqa-phantom-metric)"
* derivedFrom 1..* MS
* derivedFrom only Reference(ImagingStudy or DocumentReference)
* component MS
* component obeys aiqa-comp-value and aiqa-one-unit and aiqa-critical-high and aiqa-critical-low
* component.code from QaMetricValues (extensible)
* component.code.coding 1..*
* component.value[x] only Quantity or CodeableConcept or string or boolean or integer
* component.interpretation 0..1 MS
* component.interpretation from QaInterpretationValues (required)
* component.referenceRange obeys aiqa-range
* component.referenceRange.type 1..1 MS
* component.referenceRange.type from QaRangeTypeValues (required)
* component.referenceRange.text 1..1 MS
* insert ComponentSlicing
* insert SeriesUid(0..1)

Profile: AiqaMrPhantomRun
Parent: AiqaPhantomRun
Id: aiqa-mr-phantom-run
Title: "Phantom run, MR"
Description: "A run of an ACR MRI phantom: each test, when it is given, has the unit of the guidance."
* ^status = #draft
* ^experimental = false
* code.coding[run].code = #acr-mri-run
* insert MetricSlice(lengthHorizontal, mr-length-horizontal-slice5, #mm)
* insert MetricSlice(lengthVertical, mr-length-vertical-slice5, #mm)
* insert MetricSlice(lengthAxial, mr-length-superior-inferior, #mm)
* insert MetricSlice(resolutionUpperLeft, mr-high-contrast-resolution-ul, #mm)
* insert MetricSlice(resolutionLowerRight, mr-high-contrast-resolution-lr, #mm)
* insert MetricSlice(sliceThickness, mr-slice-thickness, #mm)
* insert MetricSlice(slicePositionFirst, mr-slice-position-error-slice1, #mm)
* insert MetricSlice(slicePositionLast, mr-slice-position-error-slice11, #mm)
* insert MetricSlice(uniformity, mr-percent-image-uniformity, #%)
* insert MetricSlice(ghosting, mr-percent-signal-ghosting, #%)
* insert MetricSlice(spokes, mr-low-contrast-spokes, #{spokes})
* insert MetricSlice(snr, mr-snr, #1)

Profile: AiqaCtPhantomRun
Parent: AiqaPhantomRun
Id: aiqa-ct-phantom-run
Title: "Phantom run, CT"
Description: "A run of the ACR CT phantom: CT numbers, noise and uniformity in HU ([hnsf'U]), thickness in mm."
* ^status = #draft
* ^experimental = false
* code.coding[run].code = #acr-ct-run
* insert MetricSlice(water, ct-number-water, #[hnsf'U])
* insert MetricSlice(polyethylene, ct-number-polyethylene, #[hnsf'U])
* insert MetricSlice(acrylic, ct-number-acrylic, #[hnsf'U])
* insert MetricSlice(bone, ct-number-bone, #[hnsf'U])
* insert MetricSlice(air, ct-number-air, #[hnsf'U])
* insert MetricSlice(sliceThickness, slice-thickness, #mm)
* insert MetricSlice(noise, noise-sd, #[hnsf'U])
* insert MetricSlice(uniformity, uniformity-max-diff, #[hnsf'U])
* insert MetricSlice(cnr, low-contrast-cnr, #1)
* insert MetricSlice(resolution, high-contrast-resolution, #{lp}/cm)

Profile: AiqaMgPhantomRun
Parent: AiqaPhantomRun
Id: aiqa-mg-phantom-run
Title: "Phantom run, mammography"
Description: "A run of an ACR mammography phantom: scores of fibers, speck groups and masses in {score}."
* ^status = #draft
* ^experimental = false
* code.coding[run].code = #acr-dm-run
* insert MetricSlice(fibers, fiber-score, #{score})
* insert MetricSlice(specks, speck-group-score, #{score})
* insert MetricSlice(masses, mass-score, #{score})
* insert MetricSlice(snr, snr, #1)
* insert MetricSlice(cnr, cnr, #1)
* insert MetricSlice(dose, average-glandular-dose, #mGy)

Profile: AiqaPhantomMetric
Parent: Observation
Id: aiqa-phantom-metric
Title: "Phantom metric"
Description: "One metric of a phantom run as an Observation of its own, for receivers that cannot search components. The run names it in hasMember."
* insert OwnProfile
* insert ResultIdentifiers
* insert ResultCategories(phantom-qa)
* insert LimitSet
* obeys aiqa-final-value and aiqa-one-unit and aiqa-critical-high and aiqa-critical-low
* partOf 1..1 MS
* partOf only Reference(ImagingStudy)
* status from QaResultStatusValues (required)
* code from QaMetricValues (extensible)
* code.coding 1..*
* subject 1..1 MS
* subject only Reference(Device or Location)
* encounter 0..0
* effective[x] only dateTime
* issued 1..1 MS
* value[x] only Quantity or CodeableConcept or string or boolean or integer
* interpretation 0..1 MS
* interpretation from QaInterpretationValues (required)
* device 1..1 MS
* device only Reference(Device)
* referenceRange obeys aiqa-range
* referenceRange.type 1..1 MS
* referenceRange.type from QaRangeTypeValues (required)
* referenceRange.text 1..1 MS
* hasMember 0..0
* component 1..1
* insert ComponentSlicing
* insert SeriesUid(1..1)
* derivedFrom 1..* MS
* derivedFrom only Reference(ImagingStudy or DocumentReference)

Profile: AiqaClinicalQuality
Parent: Observation
Id: aiqa-clinical-quality
Title: "Series quality"
Description: "The image quality of one series of a patient, rated as PS3.16 CID 7036. It is preliminary until a person confirms it. Artifacts are findings of their own in hasMember."
* insert OwnProfile
* insert ResultIdentifiers
* insert ResultCategories(clinical-image-quality)
* insert LimitSet
* obeys aiqa-final-value
* partOf 1..1 MS
* partOf only Reference(ImagingStudy)
* status from QaResultStatusValues (required)
* code = $DCM#130550
* subject 1..1 MS
* subject only Reference(Patient)
* effective[x] only dateTime
* issued 1..1 MS
* value[x] only CodeableConcept
* value[x] from ImageQualityRatingValues (required)
* interpretation 0..1 MS
* interpretation from QaInterpretationValues (required)
* method 1..1 MS
* device 1..1 MS
* device only Reference(Device)
* hasMember only Reference(Observation)
* derivedFrom 1..* MS
* derivedFrom only Reference(ImagingStudy or DocumentReference)
* component obeys aiqa-comp-value
* insert ComponentSlicing
* insert SeriesUid(1..1)

Profile: AiqaArtifactFinding
Parent: Observation
Id: aiqa-artifact-finding
Title: "Artifact finding"
Description: "One artifact in one series of a patient: what it is, how severe, how certain, how much of the series."
* insert OwnProfile
* insert ResultIdentifiers
* insert ResultCategories(clinical-image-quality)
* insert LimitSet
* obeys aiqa-final-value
* partOf 1..1 MS
* partOf only Reference(ImagingStudy)
* status from QaResultStatusValues (required)
* code = $DCM#111052
* subject 1..1 MS
* subject only Reference(Patient)
* effective[x] only dateTime
* issued 1..1 MS
* value[x] only CodeableConcept
* value[x] from ArtifactValues (extensible)
* interpretation 0..1 MS
* interpretation from QaInterpretationValues (required)
* method 1..1 MS
* device 1..1 MS
* device only Reference(Device)
* hasMember 0..0
* derivedFrom 1..* MS
* derivedFrom only Reference(ImagingStudy or DocumentReference)
* component obeys aiqa-comp-value
* insert ComponentSlicing
* insert SeriesUid(1..1)
* component contains severity 0..1 MS and certainty 0..1 MS and affected 0..1 MS
* component[severity].code = $SCT#246112005
* component[severity].value[x] only CodeableConcept
* component[certainty].code = $DCM#111012
* component[certainty].value[x] only Quantity
* component[certainty].valueQuantity.code 1..1
* component[certainty].valueQuantity.system = $UCUM
* component[certainty].valueQuantity.code = #%
* component[affected].code = $QaMetric#affected-slice-fraction
* component[affected].value[x] only Quantity
* component[affected].valueQuantity.code 1..1
* component[affected].valueQuantity.system = $UCUM
* component[affected].valueQuantity.code = #%

RuleSet: CtDoseResult
* insert OwnProfile
* identifier 1..*
* identifier obeys aiqa-uid
* obeys aiqa-final-value
* status from QaResultStatusValues (required)
* category ^slicing.discriminator.type = #pattern
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category contains imaging 1..1 MS
* category[imaging] = $ObservationCategory#imaging
* subject 1..1 MS
* subject only Reference(Patient)
* focus ^short = "The imaging DiagnosticReport in the receiving system"
* effective[x] 1..1
* effective[x] only dateTime
* device only Reference(Device)

Profile: AiqaCtDoseImageQuality
Parent: Observation
Id: aiqa-ct-dose-image-quality
Title: "CT dose and image quality"
Description: "The CT dose and image quality category of a scan, with global noise and size-adjusted dose as components; for receivers that take no components the category alone, the two numbers as aiqa-ct-global-noise and aiqa-ct-size-adjusted-dose. The units are written as they are compared by receivers: [hnsf'U] and mGy.cm in both unit and code."
* insert CtDoseResult
* code = $LNC#96914-7
* value[x] 1..1
* value[x] only CodeableConcept
* value[x] from CtDoseCategoryValues (required)
* component ^slicing.discriminator.type = #pattern
* component ^slicing.discriminator.path = "code"
* component ^slicing.rules = #open
* obeys aiqa-ct-both
* component contains noise 0..1 MS and dose 0..1 MS
* component[noise].code = $LNC#96912-1
* component[noise].value[x] 1..1
* component[noise].value[x] only Quantity
* component[noise].valueQuantity.value 1..1
* component[noise].valueQuantity.unit 1..1
* component[noise].valueQuantity.unit = "[hnsf'U]"
* component[noise].valueQuantity.system 1..1
* component[noise].valueQuantity.system = $UCUM
* component[noise].valueQuantity.code 1..1
* component[noise].valueQuantity.code = #[hnsf'U]
* component[dose].code = $LNC#96913-9
* component[dose].value[x] 1..1
* component[dose].value[x] only Quantity
* component[dose].valueQuantity.value 1..1
* component[dose].valueQuantity.unit 1..1
* component[dose].valueQuantity.unit = "mGy.cm"
* component[dose].valueQuantity.system 1..1
* component[dose].valueQuantity.system = $UCUM
* component[dose].valueQuantity.code 1..1
* component[dose].valueQuantity.code = #mGy.cm

Profile: AiqaCtGlobalNoise
Parent: Observation
Id: aiqa-ct-global-noise
Title: "CT global noise"
Description: "The global noise of a CT scan as an Observation of its own, for receivers that take no components."
* insert CtDoseResult
* code = $LNC#96912-1
* value[x] 1..1
* value[x] only Quantity
* valueQuantity.value 1..1
* valueQuantity.unit 1..1
* valueQuantity.unit = "[hnsf'U]"
* valueQuantity.system 1..1
* valueQuantity.system = $UCUM
* valueQuantity.code 1..1
* valueQuantity.code = #[hnsf'U]
* component 0..0

Profile: AiqaCtSizeAdjustedDose
Parent: Observation
Id: aiqa-ct-size-adjusted-dose
Title: "CT size-adjusted dose"
Description: "The size-adjusted dose of a CT scan as an Observation of its own, for receivers that take no components."
* insert CtDoseResult
* code = $LNC#96913-9
* value[x] 1..1
* value[x] only Quantity
* valueQuantity.value 1..1
* valueQuantity.unit 1..1
* valueQuantity.unit = "mGy.cm"
* valueQuantity.system 1..1
* valueQuantity.system = $UCUM
* valueQuantity.code 1..1
* valueQuantity.code = #mGy.cm
* component 0..0
