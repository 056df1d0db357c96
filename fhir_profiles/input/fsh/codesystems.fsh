RuleSet: OwnCodes
* ^status = #draft
* ^experimental = false
* ^caseSensitive = true
* ^content = #complete
* ^copyright = "AIQA Integration project, Apache-2.0"

CodeSystem: QaCategory
Id: qa-category
Title: "What a quality result is about"
Description: "Whether a result is about a test object or about images of a patient."
* insert OwnCodes
* #phantom-qa "Phantom quality assurance" "A result about a test object, and so about the device that imaged it"
* #clinical-image-quality "Clinical image quality" "A result about images of a patient"

CodeSystem: QaOutcome
Id: qa-outcome
Title: "Outcome of a run"
Description: "How a run of an analysis came out. PS3.16 CID 6044 has words for two of them only."
* insert OwnCodes
* #pass "Pass" "Everything required was measured and is inside its limits"
* #warning "Warning" "A value is outside its tolerance limits, none outside its action limits"
* #fail "Fail" "A value is outside its action limits"
* #not-assessed "Not assessed" "Measured; no limits apply"
* #incomplete "Incomplete" "Something required was not measured"
* #not-evaluable "Not evaluable" "Nothing could be measured: the series was refused"

CodeSystem: QaRangeType
Id: qa-range-type
Title: "Kind of limit"
Description: "Kinds of reference range of a quality metric."
* insert OwnCodes
* #action-limit "Action limit" "Outside this range something must be done before further use"
* #warning-limit "Warning limit" "Outside this range, the tolerance, somebody has to look"

CodeSystem: QaTask
Id: qa-task
Title: "What is asked of a person"
Description: "What AIQA proposes. It never orders."
* insert OwnCodes
* #repeat-series "Repeat series" "Acquire the series again while the patient is on the table"
* #change-protocol "Acquire with another protocol" "Acquire again with changed settings, named in the text"
* #physics-review "Review failed QA run" "A medical physicist looks at a phantom run"
* #image-review "Review the images of a series" "A radiologist looks at the images of a patient"
* #service "Call service for the scanner" "Somebody has the scanner looked at"

CodeSystem: QaDecisionReason
Id: qa-decision-reason
Title: "Why a proposal was answered so"
Description: "Reasons of a decision about a proposal."
* insert OwnCodes
* #artifact-acceptable "Artifact acceptable for the clinical question" "The images answer what was asked in spite of it"
* #no-artifact "No artifact seen" "The person does not see what AIQA reports"
* #patient-condition "Patient cannot go on" "The state of the patient forbids another acquisition"
* #already-repeated "Already repeated" "The series had been acquired again before the proposal was read"
* #no-time "No time in the schedule" "The scanner is needed for another patient"
* #repeated "Series repeated" "A new series of the study has taken its place"
* #expired "Nobody decided in time" "The patient had left before a decision"

CodeSystem: QaMeasure
Id: qa-measure
Title: "What is counted per scanner"
Description: "Counts and rates of a scanner over a time."
* insert OwnCodes
* #phantom-pass-rate "Phantom pass rate" "Runs that passed, of all phantom runs"
* #repeat-rate "Repeat rate" "Series that were acquired again, of all series that were looked at"
* #not-evaluable-rate "Not evaluable rate" "Series that were refused, of all series that were looked at"

CodeSystem: QaTag
Id: qa-tag
Title: "Tags of AIQA"
Description: "What is said of a resource in meta.tag."
* insert OwnCodes
* #simulated "Simulated images" "The images were made by software, not by a scanner"
* #made-by-aiqa "Made by AIQA" "The resource was first written by AIQA, which may add to it"
