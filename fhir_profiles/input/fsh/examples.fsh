// Made-up data. The UIDs are under 2.25.

RuleSet: Told(words)
* text.status = #generated
* text.div = "<div xmlns=\"http://www.w3.org/1999/xhtml\">{words}</div>"

Instance: example-scanner
InstanceOf: AiqaScanner
Usage: #example
Title: "MR scanner"
* identifier[+].system = "https://w3id.org/aiqa/fhir/sid/scanner"
* identifier[=].value = "4e3f4e3a-2f07-5a1e-8a39-0f1a5c5d4c11"
* identifier[+].type = $V2-0203#SNO "Serial Number"
* identifier[=].system = "https://w3id.org/aiqa/fhir/sid/device-serial"
* identifier[=].value = "66123"
* identifier[+].system = "urn:dicom:uid"
* identifier[=].value = "urn:oid:2.25.101"
* manufacturer = "Example Imaging"
* serialNumber = "66123"
* modelNumber = "ExampleMR 3T"
* deviceName.name = "Example Imaging ExampleMR 3T (MR2)"
* deviceName.type = #user-friendly-name
* type = $DCM#MR "Magnetic Resonance"

Instance: example-algorithm
InstanceOf: AiqaAlgorithm
Usage: #example
Title: "ACR MRI phantom analysis"
* identifier[algorithm].value = "acr-mri-phantom-1.0.0-0.1.0"
* status = #active
* manufacturer = "AIQA Integration project"
* deviceName.name = "AIQA acr-mri-phantom 1.0.0"
* deviceName.type = #user-friendly-name
* type = $DCM#123110 "Artificial Intelligence"
* version[+].type.text = "software"
* version[=].value = "0.1.0"
* version[+].type.text = "analysis"
* version[=].value = "1.0.0"

Instance: example-phantom
InstanceOf: AiqaPhantom
Usage: #example
Title: "ACR MRI phantom"
* identifier.system = "https://w3id.org/aiqa/fhir/sid/phantom"
* identifier.value = "6e1f2b1c-9f50-5c9f-b7f6-1a4c4a1f0e22"
* deviceName.name = "ACR MRI phantom, large"
* deviceName.type = #user-friendly-name
* type.coding[phantom] = $SCT#706342009 "Phantom"
* type.coding[kind] = $DCM#113683 "ACR Accreditation Phantom - MR"

Instance: example-phantom-study
InstanceOf: AiqaImagingStudy
Usage: #example
Title: "Study of a phantom"
* identifier[studyUid].type = $DCM#110180 "Study Instance UID"
* identifier[studyUid].value = "urn:oid:2.25.201"
* status = #available
* modality = $DCM#MR "Magnetic Resonance"
* subject = Reference(example-phantom)
* started = "2026-11-20"
* reasonCode = $DCM#113680 "Quality Control Intent"
* series.uid = "2.25.202"
* series.modality = $DCM#MR "Magnetic Resonance"
* series.performer.actor = Reference(example-scanner)

Instance: example-patient
InstanceOf: Patient
Usage: #example
Title: "Patient"
* identifier.type = $V2-0203#MR "Medical record number"
* identifier.system = "urn:oid:2.25.900"
* identifier.value = "MRN0042"
* name.family = "Example"
* name.given = "Ada"
* gender = #female
* birthDate = "1971-03-09"

Instance: example-patient-study
InstanceOf: AiqaImagingStudy
Usage: #example
Title: "Study of a patient"
* identifier[studyUid].type = $DCM#110180 "Study Instance UID"
* identifier[studyUid].value = "urn:oid:2.25.301"
* status = #available
* modality = $DCM#MR "Magnetic Resonance"
* subject = Reference(example-patient)
* started = "2026-11-20T09:31:00+01:00"
* series.uid = "2.25.302"
* series.number = 4
* series.modality = $DCM#MR "Magnetic Resonance"
* series.description = "AX T2 FLAIR"
* series.numberOfInstances = 28
* series.performer.actor = Reference(example-scanner)

RuleSet: Limits(index, kind, display, low, high, unit, text)
* {index}.low = {low} {unit}
* {index}.high = {high} {unit}
* {index}.type = $QaRangeType#{kind} {display}
* {index}.text = {text}

Instance: example-mr-phantom-run
InstanceOf: AiqaMrPhantomRun
Usage: #example
Title: "Phantom run that failed"
Description: "One metric of each verdict, one that was not measured, and an uncertainty"
* insert Told(ACR MRI phantom on MR2: ACTION. Percent image uniformity 79.1 percent.)
* extension[limitSet].valueCanonical = "https://w3id.org/aiqa/fhir/PlanDefinition/acr-mri-large-2022|r3"
* identifier[result].value = "0d9ff1c1-2c8e-5e0b-8a4e-3b6b3d5f7a10"
* identifier[observationUid].value = "urn:oid:2.25.18092399312403442541421733297453496848"
* partOf = Reference(example-phantom-study)
* status = #final
* category[kind] = $QaCategory#phantom-qa "Phantom quality assurance"
* category[imaging] = $ObservationCategory#imaging "Imaging"
* code.coding[run] = $QaMetric#acr-mri-run "ACR MRI phantom run"
* code.coding[assessment] = $DCM#111050 "Quality Assessment"
* code.text = "ACR MRI phantom run"
* subject = Reference(example-scanner)
* effectiveDateTime = "2026-11-20"
* issued = "2026-11-20T06:47:02.250Z"
* valueCodeableConcept.coding[0] = $DCM#111236 "Usable - Does not meet the quality control standard"
* valueCodeableConcept.coding[1] = $QaOutcome#fail "Fail"
* valueCodeableConcept.text = "ACTION"
* interpretation = $Interpretation#QCF "Quality control failure"
* note.time = "2026-11-20T06:47:02.250Z"
* note.text = "Percent image uniformity 79.1 % (≥ 80 %)."
* method = $DCM#111240 "Institutionally defined quality control standard"
* method.text = "acr-mri-phantom 1.0.0, limit set acr-mri-large-2022 revision r3"
* device = Reference(example-algorithm)
* derivedFrom[0] = Reference(example-phantom-study)
* derivedFrom[1] = Reference(example-sr-document)
* component[seriesUid].code = $DCM#112002 "Series Instance UID"
* component[seriesUid].valueString = "2.25.202"
* component[lengthHorizontal].code.coding[0] = $QaMetric#mr-length-horizontal-slice5 "Length, horizontal, slice 5"
* component[lengthHorizontal].valueQuantity = 190.0 'mm' "mm"
* component[lengthHorizontal].valueQuantity.extension[0].url = $Uncertainty
* component[lengthHorizontal].valueQuantity.extension[0].valueDecimal = 0.25
* component[lengthHorizontal].valueQuantity.extension[1].url = $UncertaintyType
* component[lengthHorizontal].valueQuantity.extension[1].valueCode = #N
* component[lengthHorizontal].interpretation = $Interpretation#N "Normal"
* insert Limits(component[lengthHorizontal].referenceRange[0], action-limit, "Action limit", 187.0, 193.0, 'mm' "mm", "187 to 193 mm")
* insert Limits(component[lengthHorizontal].referenceRange[1], warning-limit, "Warning limit", 188.0, 192.0, 'mm' "mm", "188 to 192 mm")
* component[uniformity].code.coding[0] = $QaMetric#mr-percent-image-uniformity "Percent image uniformity"
* component[uniformity].valueQuantity = 79.1 '%' "%"
* component[uniformity].interpretation = $Interpretation#LL "Critical low"
* component[uniformity].referenceRange.low = 80.0 '%' "%"
* component[uniformity].referenceRange.type = $QaRangeType#action-limit "Action limit"
* component[uniformity].referenceRange.text = "≥ 80 %"
* component[ghosting].code.coding[0] = $QaMetric#mr-percent-signal-ghosting "Percent signal ghosting"
* component[ghosting].valueQuantity = 2.2 '%' "%"
* component[ghosting].interpretation = $Interpretation#H "High"
* component[ghosting].referenceRange[0].high = 3.0 '%' "%"
* component[ghosting].referenceRange[0].type = $QaRangeType#action-limit "Action limit"
* component[ghosting].referenceRange[0].text = "≤ 3 %"
* component[ghosting].referenceRange[1].high = 2.0 '%' "%"
* component[ghosting].referenceRange[1].type = $QaRangeType#warning-limit "Warning limit"
* component[ghosting].referenceRange[1].text = "≤ 2 %"
* component[snr].code.coding[0] = $QaMetric#mr-snr "Signal-to-noise ratio"
* component[snr].valueQuantity = 152 '1'
* component[sliceThickness].code.coding[0] = $QaMetric#mr-slice-thickness "Slice thickness"
* component[sliceThickness].dataAbsentReason.coding[0] = $DataAbsentReason#not-performed "Not Performed"
* component[sliceThickness].dataAbsentReason.coding[1] = $QaNotMeasured#slice-missing "The slice to measure is missing"
* component[sliceThickness].dataAbsentReason.text = "slice 1 is not in the series"

RuleSet: RunOf(kind, run, display, words)
* insert Told({words})
* identifier[observationUid].value = "urn:oid:2.25.18092399312403442541421733297453496849"
* partOf = Reference(example-phantom-study)
* status = #final
* category[kind] = $QaCategory#phantom-qa "Phantom quality assurance"
* category[imaging] = $ObservationCategory#imaging "Imaging"
* code.coding[run] = $QaMetric#{run} {display}
* code.coding[assessment] = $DCM#111050 "Quality Assessment"
* subject = Reference(example-scanner)
* issued = "2026-11-20T06:47:02Z"
* valueCodeableConcept.coding[0] = $DCM#111237 "Usable - Meets the quality control standard"
* valueCodeableConcept.coding[1] = $QaOutcome#pass "Pass"
* valueCodeableConcept.text = "PASS"
* interpretation = $Interpretation#N "Normal"
* method = $DCM#111240 "Institutionally defined quality control standard"
* method.text = "{kind} limits, revision r1"
* device = Reference(example-algorithm)
* derivedFrom = Reference(example-phantom-study)
* component[seriesUid].code = $DCM#112002 "Series Instance UID"
* component[seriesUid].valueString = "2.25.202"

Instance: example-ct-phantom-run
InstanceOf: AiqaCtPhantomRun
Usage: #example
Title: "CT phantom run that passed"
* insert RunOf(CT, acr-ct-run, "ACR CT phantom run", ACR CT phantom: PASS.)
* identifier[result].value = "1d9ff1c1-2c8e-5e0b-8a4e-3b6b3d5f7a11"
* component[water].code.coding[0] = $QaMetric#ct-number-water "CT number, water"
* component[water].valueQuantity.value = 1.2
* component[water].valueQuantity.unit = "HU"
* component[water].valueQuantity.system = $UCUM
* component[water].valueQuantity.code = #[hnsf'U]
* component[water].interpretation = $Interpretation#N "Normal"
* component[sliceThickness].code.coding[0] = $QaMetric#slice-thickness "Slice thickness"
* component[sliceThickness].valueQuantity = 5.3 'mm' "mm"
* component[sliceThickness].interpretation = $Interpretation#N "Normal"
* insert Limits(component[sliceThickness].referenceRange, action-limit, "Action limit", 3.5, 6.5, 'mm' "mm", "3.5 to 6.5 mm")

Instance: example-mg-phantom-run
InstanceOf: AiqaMgPhantomRun
Usage: #example
Title: "Mammography phantom run that passed"
* insert RunOf(mammography, acr-dm-run, "ACR digital mammography phantom run", ACR DM phantom: PASS.)
* identifier[result].value = "2d9ff1c1-2c8e-5e0b-8a4e-3b6b3d5f7a12"
* component[fibers].code.coding[0] = $QaMetric#fiber-score "Fiber score"
* component[fibers].valueQuantity = 4.5 '{score}' "{score}"
* component[fibers].interpretation = $Interpretation#N "Normal"
* component[fibers].referenceRange.low = 2.0 '{score}' "{score}"
* component[fibers].referenceRange.type = $QaRangeType#action-limit "Action limit"
* component[fibers].referenceRange.text = "≥ 2"

Instance: example-phantom-metric
InstanceOf: AiqaPhantomMetric
Usage: #example
Title: "One metric of a run"
* insert Told(Percent image uniformity 79.1 percent\, below the action limit.)
* identifier[result].value = "3d9ff1c1-2c8e-5e0b-8a4e-3b6b3d5f7a13"
* partOf = Reference(example-phantom-study)
* status = #final
* category[kind] = $QaCategory#phantom-qa "Phantom quality assurance"
* category[imaging] = $ObservationCategory#imaging "Imaging"
* code = $QaMetric#mr-percent-image-uniformity "Percent image uniformity"
* subject = Reference(example-scanner)
* issued = "2026-11-20T06:47:02Z"
* valueQuantity = 79.1 '%' "%"
* interpretation = $Interpretation#LL "Critical low"
* device = Reference(example-algorithm)
* referenceRange.low = 80.0 '%' "%"
* referenceRange.type = $QaRangeType#action-limit "Action limit"
* referenceRange.text = "≥ 80 %"
* derivedFrom = Reference(example-phantom-study)
* component[seriesUid].code = $DCM#112002 "Series Instance UID"
* component[seriesUid].valueString = "2.25.202"

Instance: example-refused-run
InstanceOf: AiqaPhantomRun
Usage: #example
Title: "Phantom run that was refused"
* insert Told(ACR MRI phantom run: not evaluable.)
* identifier[result].value = "4d9ff1c1-2c8e-5e0b-8a4e-3b6b3d5f7a14"
* partOf.type = "ImagingStudy"
* partOf.identifier.system = "urn:dicom:uid"
* partOf.identifier.value = "urn:oid:2.25.201"
* status = #final
* category[kind] = $QaCategory#phantom-qa "Phantom quality assurance"
* category[imaging] = $ObservationCategory#imaging "Imaging"
* code.coding[run] = $QaMetric#acr-mri-run "ACR MRI phantom run"
* code.coding[assessment] = $DCM#111050 "Quality Assessment"
* subject = Reference(example-scanner)
* issued = "2026-11-20T06:47:02Z"
* dataAbsentReason.coding[0] = $DataAbsentReason#error "Error"
* dataAbsentReason.coding[1] = https://w3id.org/aiqa/fhir/CodeSystem/qa-refusal#phantom-not-found "Phantom not found"
* dataAbsentReason.text = "no slice looks like the ACR phantom"
* method = $DCM#111240 "Institutionally defined quality control standard"
* device = Reference(example-algorithm)
* derivedFrom.type = "ImagingStudy"
* derivedFrom.identifier.system = "urn:dicom:uid"
* derivedFrom.identifier.value = "urn:oid:2.25.201"
* component[seriesUid].code = $DCM#112002 "Series Instance UID"
* component[seriesUid].valueString = "2.25.202"

RuleSet: OfSeriesFour
* partOf = Reference(example-patient-study)
* status = #preliminary
* category[kind] = $QaCategory#clinical-image-quality "Clinical image quality"
* category[imaging] = $ObservationCategory#imaging "Imaging"
* subject = Reference(example-patient)
* effectiveDateTime = "2026-11-20T09:38:20+01:00"
* issued = "2026-11-20T09:44:12+01:00"
* interpretation = $Interpretation#A "Abnormal"
* method = $SCT#133887000 "Image quality analysis"
* device = Reference(example-algorithm)
* derivedFrom = Reference(example-patient-study)
* component[seriesUid].code = $DCM#112002 "Series Instance UID"
* component[seriesUid].valueString = "2.25.302"

Instance: example-clinical-quality
InstanceOf: AiqaClinicalQuality
Usage: #example
Title: "Series of no diagnostic use"
* insert Told(Series 4: non-diagnostic quality.)
* insert OfSeriesFour
* identifier[result].value = "5d9ff1c1-2c8e-5e0b-8a4e-3b6b3d5f7a15"
* code = $DCM#130550 "Imaging Series Quality"
* valueCodeableConcept = $RADLEX#RID14 "Non-diagnostic quality"
* hasMember = Reference(example-artifact-finding)

Instance: example-artifact-finding
InstanceOf: AiqaArtifactFinding
Usage: #example
Title: "Motion artifact"
* insert Told(Severe motion artifact in series 4\, certainty 96 percent.)
* insert OfSeriesFour
* identifier[result].value = "6d9ff1c1-2c8e-5e0b-8a4e-3b6b3d5f7a16"
* identifier[observationUid].value = "urn:oid:2.25.145982399312403442541421733297453496850"
* code = $DCM#111052 "Quality Finding"
* valueCodeableConcept = $RADLEX#RID11423 "Motion related artifact"
* component[severity].code = $SCT#246112005 "Severity"
* component[severity].valueCodeableConcept = $SCT#24484000 "Severe"
* component[certainty].code = $DCM#111012 "Certainty of Finding"
* component[certainty].valueQuantity = 96 '%' "%"
* component[affected].code = $QaMetric#affected-slice-fraction "Fraction of slices affected"
* component[affected].valueQuantity = 71 '%' "%"

RuleSet: CtScan
* status = #final
* category[imaging] = $ObservationCategory#imaging "Imaging"
* subject = Reference(example-patient)
* effectiveDateTime = "2026-11-20T10:11:00+01:00"
* issued = "2026-11-20T10:20:00+01:00"
* device = Reference(example-algorithm)

Instance: example-ct-dose-image-quality
InstanceOf: AiqaCtDoseImageQuality
Usage: #example
Title: "CT dose and image quality"
* insert CtScan
* identifier.system = "https://w3id.org/aiqa/fhir/sid/result"
* identifier.value = "7d9ff1c1-2c8e-5e0b-8a4e-3b6b3d5f7a17"
* code = $LNC#96914-7 "CT dose and image quality category"
* valueCodeableConcept = $LNC#LA31753-9 "Abdomen and Pelvis Routine Dose"
* component[noise].code = $LNC#96912-1 "Calculated CT global noise"
* component[noise].valueQuantity.value = 17.4
* component[dose].code = $LNC#96913-9 "Calculated CT size-adjusted dose"
* component[dose].valueQuantity.value = 412

Instance: example-ct-category
InstanceOf: AiqaCtDoseImageQuality
Usage: #example
Title: "CT dose and image quality category alone"
Description: "For receivers that take no components"
* insert CtScan
* identifier.system = "https://w3id.org/aiqa/fhir/sid/result"
* identifier.value = "7d9ff1c1-2c8e-5e0b-8a4e-3b6b3d5f7a27"
* code = $LNC#96914-7 "CT dose and image quality category"
* valueCodeableConcept = $LNC#LA31753-9 "Abdomen and Pelvis Routine Dose"

Instance: example-ct-global-noise
InstanceOf: AiqaCtGlobalNoise
Usage: #example
Title: "CT global noise"
* insert CtScan
* identifier.system = "https://w3id.org/aiqa/fhir/sid/result"
* identifier.value = "8d9ff1c1-2c8e-5e0b-8a4e-3b6b3d5f7a18"
* code = $LNC#96912-1 "Calculated CT global noise"
* valueQuantity.value = 17.4

Instance: example-ct-size-adjusted-dose
InstanceOf: AiqaCtSizeAdjustedDose
Usage: #example
Title: "CT size-adjusted dose"
* insert CtScan
* identifier.system = "https://w3id.org/aiqa/fhir/sid/result"
* identifier.value = "9d9ff1c1-2c8e-5e0b-8a4e-3b6b3d5f7a19"
* code = $LNC#96913-9 "Calculated CT size-adjusted dose"
* valueQuantity.value = 412

Instance: example-report
InstanceOf: AiqaReport
Usage: #example
Title: "Report of a phantom run"
* insert Told(ACR MRI phantom on MR2: ACTION.)
* identifier[report].value = "ad9ff1c1-2c8e-5e0b-8a4e-3b6b3d5f7a1a"
* identifier[sopInstanceUid].value = "urn:oid:2.25.401"
* status = #final
* category[radiology] = $V2-0074#RAD "Radiology"
* category[phantom] = $QaCategory#phantom-qa "Phantom quality assurance"
* code = $QaMetric#acr-mri-run "ACR MRI phantom run"
* subject = Reference(example-scanner)
* effectiveDateTime = "2026-11-20"
* issued = "2026-11-20T06:47:02.250Z"
* result = Reference(example-mr-phantom-run)
* imagingStudy = Reference(example-phantom-study)
* conclusion = "ACR MRI phantom on MR2: ACTION."
* conclusionCode.coding[0] = $DCM#111236 "Usable - Does not meet the quality control standard"
* conclusionCode.coding[1] = $QaOutcome#fail "Fail"

Instance: example-sr-document
InstanceOf: AiqaSrDocument
Usage: #example
Title: "SR of a phantom run"
* masterIdentifier.value = "urn:oid:2.25.401"
* identifier.system = "urn:dicom:uid"
* identifier.value = "urn:oid:2.25.401"
* status = #current
* docStatus = #final
* type = $LNC#18748-4 "Diagnostic imaging study"
* category = $DCM#126000 "Imaging Measurement Report"
* subject = Reference(example-scanner)
* date = "2026-11-20T06:47:02.250Z"
* author = Reference(example-algorithm)
* content.attachment.url = "https://pacs.hospital.internal/dicom-web/studies/2.25.201/series/2.25.400/instances/2.25.401"
* content.format.code = #1.2.840.10008.5.1.4.1.1.88.33
* content.format.display = "Comprehensive SR Storage"

Instance: example-repeat-proposal
InstanceOf: AiqaRepeatProposal
Usage: #example
Title: "Proposal to repeat a series"
* identifier[repeat].value = "bd9ff1c1-2c8e-5e0b-8a4e-3b6b3d5f7a1b"
* status = #draft
* priority = #stat
* category = $SCT#363679005 "Imaging"
* code = $LNC#24590-2 "MR Brain"
* orderDetail = $QaTask#repeat-series "Repeat series"
* subject = Reference(example-patient)
* occurrencePeriod.start = "2026-11-20T09:44:12+01:00"
* occurrencePeriod.end = "2026-11-20T10:00:00+01:00"
* authoredOn = "2026-11-20T09:44:12+01:00"
* requester = Reference(example-algorithm)
* reasonCode = $DCM#128553 "Patient motion"
* reasonReference = Reference(example-artifact-finding)
* supportingInfo = Reference(example-patient-study)
* note.text = "Automated recommendation. It is not an order; a technologist or radiologist decides."

RuleSet: Decision(value)
* identifier[task].value = {value}
* priority = #stat
* code = $TaskCode#approve "Activate/approve the focal resource"
* description = "Decide on repeating series 4 while the patient is on the table"
* focus = Reference(example-repeat-proposal)
* for = Reference(example-patient)
* authoredOn = "2026-11-20T09:44:12+01:00"
* requester = Reference(example-algorithm)
* reasonReference = Reference(example-artifact-finding)
* restriction.repetitions = 1
* restriction.period.end = "2026-11-20T10:00:00+01:00"
* input[series].type = $DCM#112002 "Series Instance UID"
* input[series].valueString = "2.25.302"

Instance: example-repeat-task
InstanceOf: AiqaRepeatTask
Usage: #example
Title: "Open decision on a repeat"
* insert Decision("cd9ff1c1-2c8e-5e0b-8a4e-3b6b3d5f7a1c")
* status = #requested
* lastModified = "2026-11-20T09:44:12+01:00"

Instance: example-repeat-task-rejected
InstanceOf: AiqaRepeatTask
Usage: #example
Title: "Repeat declined"
* insert Decision("dd9ff1c1-2c8e-5e0b-8a4e-3b6b3d5f7a1d")
* status = #rejected
* statusReason = $QaDecisionReason#artifact-acceptable "Artifact acceptable for the clinical question"
* lastModified = "2026-11-20T09:46:03+01:00"

Instance: example-review-task
InstanceOf: AiqaReviewTask
Usage: #example
Title: "Review by a physicist"
* identifier[task].value = "ed9ff1c1-2c8e-5e0b-8a4e-3b6b3d5f7a1e"
* status = #requested
* intent = #proposal
* priority = #urgent
* code = $QaTask#physics-review "Review failed QA run"
* focus = Reference(example-report)
* for = Reference(example-scanner)
* authoredOn = "2026-11-20T06:47:02.250Z"
* lastModified = "2026-11-20T06:47:02.250Z"
* requester = Reference(example-algorithm)
* performerType.text = "Medical physicist"
* reasonReference = Reference(example-mr-phantom-run)

Instance: example-provenance
InstanceOf: AiqaProvenance
Usage: #example
Title: "Provenance of a phantom run"
* meta.tag[provenance].code = #fd9ff1c1-2c8e-5e0b-8a4e-3b6b3d5f7a1f
* target[0] = Reference(example-mr-phantom-run)
* target[1] = Reference(example-report)
* occurredDateTime = "2026-11-20T06:47:02.250Z"
* recorded = "2026-11-20T06:47:02.250Z"
* policy = "https://w3id.org/aiqa/fhir/policy/automated-qa-v1"
* activity = $DataOperation#CREATE "create"
* agent.type = $ParticipantType#assembler "Assembler"
* agent.who = Reference(example-algorithm)
* entity.role = #source
* entity.what = Reference(example-phantom-study)

Instance: example-confirmation
InstanceOf: AiqaConfirmation
Usage: #example
Title: "A radiologist agrees with a result"
* meta.tag[provenance].code = #0e9ff1c1-2c8e-5e0b-8a4e-3b6b3d5f7a20
* target = Reference(example-clinical-quality)
* occurredDateTime = "2026-11-20T11:02:00+01:00"
* recorded = "2026-11-20T11:02:00+01:00"
* agent.type = $ParticipantType#verifier "Verifier"
* agent.who.display = "Kim Lee"
* agent.onBehalfOf.type = "Organization"
* agent.onBehalfOf.display = "Example Hospital"

Instance: example-scanner-summary
InstanceOf: AiqaScannerSummary
Usage: #example
Title: "Pass rate of a scanner in a month"
* identifier.system = "https://w3id.org/aiqa/fhir/sid/measure-report"
* identifier.value = "66123|2026-11"
* status = #complete
* measure = "https://w3id.org/aiqa/fhir/Measure/phantom-pass-rate|1.0.0"
* subject = Reference(example-scanner)
* date = "2026-12-01T00:05:00+01:00"
* period.start = "2026-11-01"
* period.end = "2026-11-30"
* group.code = $QaMeasure#phantom-pass-rate "Phantom pass rate"
* group.population[0].code = $MeasurePopulation#denominator "Denominator"
* group.population[0].count = 22
* group.population[1].code = $MeasurePopulation#numerator "Numerator"
* group.population[1].count = 21
* group.measureScore.value = 0.9545
* group.measureScore.system = $UCUM
* group.measureScore.code = #1

Instance: example-audit-event
InstanceOf: AiqaAuditEvent
Usage: #example
Title: "Audit of a delivery"
* type = $AuditEventType#rest "RESTful Operation"
* subtype = $RestfulInteraction#create "create"
* action = #C
* recorded = "2026-11-20T06:47:03Z"
* outcome = #0
* agent[client].type = $DCM#110153 "Source Role ID"
* agent[client].who.identifier.system = "https://w3id.org/aiqa/fhir/sid/client"
* agent[client].who.identifier.value = "aiqa-integration"
* agent[client].requestor = true
* agent[server].type = $DCM#110152 "Destination Role ID"
* agent[server].who.identifier.value = "ehr.hospital.internal"
* agent[server].requestor = false
* agent[server].network.address = "https://ehr.hospital.internal/fhir"
* agent[server].network.type = #5
* source.observer = Reference(example-algorithm)
* source.type = $SecuritySourceType#4 "Application Server"
* entity.what = Reference(example-mr-phantom-run)
* entity.type = $AuditEntityType#2 "System Object"
* entity.role = $ObjectRole#4 "Domain Resource"

Instance: example-subscription
InstanceOf: Subscription
Usage: #example
Title: "Subscription to decisions"
* status = #requested
* reason = "Learn the decision on a repeat proposal"
* criteria = "Task?code=http://hl7.org/fhir/CodeSystem/task-code|approve"
* channel.type = #rest-hook
* channel.endpoint = "https://aiqa.hospital.internal/fhir-hook"
* channel.payload = #application/fhir+json
