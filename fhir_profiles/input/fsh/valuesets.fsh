RuleSet: OwnValues
* ^status = #draft
* ^experimental = false

ValueSet: QaMetricValues
Id: qa-metric
Title: "Metrics"
Description: "Every metric and run of the catalogue, and the concepts of SR that a component may name."
* insert OwnValues
* include codes from system $QaMetric
* $DCM#112002 "Series Instance UID"

ValueSet: QaOutcomeValues
Id: qa-outcome
Title: "Outcomes"
Description: "Outcome of a run: PS3.16 CID 6044 and the local codes."
* insert OwnValues
* include codes from system $QaOutcome
* $DCM#111235 "Unusable - Quality renders image unusable"
* $DCM#111236 "Usable - Does not meet the quality control standard"
* $DCM#111237 "Usable - Meets the quality control standard"

ValueSet: QaConclusionValues
Id: qa-conclusion
Title: "Conclusions"
Description: "What a report concludes: the outcome of a run, or the rating of a series."
* insert OwnValues
* include codes from valueset QaOutcomeValues
* include codes from valueset ImageQualityRatingValues

ValueSet: QaInterpretationValues
Id: qa-interpretation
Title: "Interpretations"
Description: "How a value stands to its limits."
* insert OwnValues
* $Interpretation#N "Normal"
* $Interpretation#H "High"
* $Interpretation#L "Low"
* $Interpretation#HH "Critical high"
* $Interpretation#LL "Critical low"
* $Interpretation#A "Abnormal"
* $Interpretation#AA "Critical abnormal"
* $Interpretation#QCF "Quality control failure"
* $Interpretation#IND "Indeterminate"

ValueSet: QaRangeTypeValues
Id: qa-range-type
Title: "Kinds of limit"
Description: "Action and warning limit."
* insert OwnValues
* include codes from system $QaRangeType

ValueSet: QaTaskValues
Id: qa-task
Title: "What is asked of a person"
Description: "What is proposed."
* insert OwnValues
* include codes from system $QaTask

ValueSet: QaRepeatValues
Id: qa-repeat
Title: "Kinds of repeat"
Description: "What a proposal proposes."
* insert OwnValues
* $QaTask#repeat-series "Repeat series"
* $QaTask#change-protocol "Acquire with another protocol"

ValueSet: QaReviewValues
Id: qa-review
Title: "Kinds of review"
Description: "What a review task asks for."
* insert OwnValues
* $QaTask#physics-review "Review failed QA run"
* $QaTask#image-review "Review the images of a series"
* $QaTask#service "Call service for the scanner"

ValueSet: QaDecisionReasonValues
Id: qa-decision-reason
Title: "Reasons of a decision"
Description: "Why a proposal was answered so."
* insert OwnValues
* include codes from system $QaDecisionReason

ValueSet: QaResultStatusValues
Id: qa-result-status
Title: "Status of a result"
Description: "A phantom run is final; a clinical result is preliminary until a person confirms it; a re-score amends."
* insert OwnValues
* http://hl7.org/fhir/observation-status#preliminary
* http://hl7.org/fhir/observation-status#final
* http://hl7.org/fhir/observation-status#amended
* http://hl7.org/fhir/observation-status#corrected
* http://hl7.org/fhir/observation-status#entered-in-error

ValueSet: QaReportStatusValues
Id: qa-report-status
Title: "Status of a report"
Description: "As the result that it reports."
* insert OwnValues
* http://hl7.org/fhir/diagnostic-report-status#preliminary
* http://hl7.org/fhir/diagnostic-report-status#final
* http://hl7.org/fhir/diagnostic-report-status#amended
* http://hl7.org/fhir/diagnostic-report-status#corrected
* http://hl7.org/fhir/diagnostic-report-status#entered-in-error

ValueSet: RepeatStatusValues
Id: repeat-status
Title: "Status of a repeat proposal"
Description: "A proposal is a draft until it is revoked or answered; it is never an active order."
* insert OwnValues
* http://hl7.org/fhir/request-status#draft
* http://hl7.org/fhir/request-status#revoked
* http://hl7.org/fhir/request-status#completed
* http://hl7.org/fhir/request-status#entered-in-error

ValueSet: RepeatReasonValues
Id: repeat-reason
Title: "Reasons for repeating an acquisition"
Description: "PS3.16 CID 10034, and the artifacts that a repeat may cure."
* insert OwnValues
* include codes from valueset RepeatAcquisitionValues
* include codes from valueset ArtifactValues

ValueSet: ArtifactValues
Id: image-artifact
Title: "Image artifacts and quality findings"
Description: "PS3.16 CID 6316 (MR), 6315 (MR series), 6135 (image quality findings) and 7011 (rejections), and local codes."
* insert OwnValues
* include codes from valueset MrArtifactValues
* include codes from valueset MrSeriesFindingValues
* include codes from valueset MammographyTechnicalValues
* include codes from valueset ImageQualityFindingValues
* include codes from valueset RejectionValues
* include codes from system urn:oid:2.25.213384237021484209190842339713268837121

ValueSet: CtDoseCategoryValues
Id: ct-dose-category
Title: "CT dose and image quality categories"
Description: "Answers of LOINC 96914-7 (docs/fhir.md says where they are used)."
* insert OwnValues
* $LNC#LA31752-1
* $LNC#LA31753-9
* $LNC#LA31754-7
* $LNC#LA31755-4
* $LNC#LA31756-2
* $LNC#LA31758-8
* $LNC#LA31759-6
* $LNC#LA31761-2
* $LNC#LA31762-0
* $LNC#LA31763-8
* $LNC#LA31764-6
* $LNC#LA31765-3
* $LNC#LA31766-1
* $LNC#LA31767-9
* $LNC#LA31768-7
* $LNC#LA31769-5
* $LNC#LA31770-3
* $LNC#LA31851-1

ValueSet: ScannerTypeValues
Id: scanner-type
Title: "Kinds of scanner"
Description: "DICOM modalities that AIQA reads."
* insert OwnValues
* $DCM#MR "Magnetic Resonance"
* $DCM#CT "Computed Tomography"
* $DCM#MG "Mammography"
* $DCM#DX "Digital Radiography"
* $DCM#CR "Computed Radiography"
* $DCM#PT "Positron emission tomography"
* $DCM#US "Ultrasound"
* $DCM#OT "Other Modality"
