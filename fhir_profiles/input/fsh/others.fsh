Profile: AiqaReport
Parent: DiagnosticReport
Id: aiqa-report
Title: "Quality report"
Description: "What a person reads of a run or series: the conclusion in words and as a code, with the results, the study, and the SOP Instance UID of the same report as DICOM SR."
* insert OwnProfile
* identifier 1..*
* identifier obeys aiqa-uid
* identifier ^slicing.discriminator.type = #value
* identifier ^slicing.discriminator.path = "system"
* identifier ^slicing.rules = #open
* identifier contains report 1..1 MS and sopInstanceUid 0..1 MS
* identifier[report].system 1..1
* identifier[report].system = "https://w3id.org/aiqa/fhir/sid/report"
* identifier[report].value 1..1
* identifier[sopInstanceUid].system 1..1
* identifier[sopInstanceUid].system = "urn:dicom:uid"
* identifier[sopInstanceUid].value 1..1
* status from QaReportStatusValues (required)
* category ^slicing.discriminator.type = #pattern
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category 2..*
* category contains radiology 1..1 MS and phantom 0..1 MS and clinical 0..1 MS
* category[radiology] = $V2-0074#RAD
* category[phantom] = $QaCategory#phantom-qa
* category[clinical] = $QaCategory#clinical-image-quality
* obeys aiqa-kind
* subject 1..1 MS
* subject only Reference(Patient or Device or Location)
* effective[x] only dateTime
* issued 1..1 MS
* result 1..* MS
* imagingStudy 1..* MS
* conclusion 1..1 MS
* conclusionCode 1..1 MS
* conclusionCode from QaConclusionValues (required)

Profile: AiqaSrDocument
Parent: DocumentReference
Id: aiqa-sr-document
Title: "Structured report"
Description: "The DICOM SR of a result, to be fetched by WADO-RS. Its SOP Instance UID stands in masterIdentifier and in identifier."
* insert OwnProfile
* obeys aiqa-sr-uid
* masterIdentifier 1..1 MS
* masterIdentifier obeys aiqa-uid
* masterIdentifier.system 1..1
* masterIdentifier.system = "urn:dicom:uid"
* masterIdentifier.value 1..1
* identifier 1..* MS
* identifier obeys aiqa-uid
* type 1..1 MS
* subject 1..1 MS
* subject only Reference(Patient or Device)
* date 1..1 MS
* author 1..* MS
* author only Reference(Device or Organization or Practitioner)
* content 1..1
* content.attachment.contentType 1..1
* content.attachment.contentType = #application/dicom
* content.attachment.url 1..1
* content.format 1..1
* content.format.system = $SopClass

Profile: AiqaImagingStudy
Parent: ImagingStudy
Id: aiqa-imagingstudy
Title: "Imaging study"
Description: "A study: of a phantom (subject is the phantom Device, reason is quality control) or of a patient. Series and instances have bare UIDs, the study's identifier has urn:oid:."
* insert OwnProfile
* identifier 1..*
* identifier obeys aiqa-uid
* identifier ^slicing.discriminator.type = #value
* identifier ^slicing.discriminator.path = "system"
* identifier ^slicing.rules = #open
* identifier contains studyUid 1..1 MS
* identifier[studyUid].system 1..1
* identifier[studyUid].system = "urn:dicom:uid"
* identifier[studyUid].value 1..1
* modality 1..* MS
* subject only Reference(Patient or Device)
* reasonCode 0..1
* series 1..* MS
* series obeys aiqa-bare-uid
* series.performer.actor only Reference(Device or Practitioner or PractitionerRole or Organization)

Profile: AiqaScanner
Parent: Device
Id: aiqa-scanner
Title: "Scanner"
Description: "The device that made the images. AIQA creates it only where the receiver has none, and never sets status, place or owner: they belong to asset management."
* insert OwnProfile
* identifier 1..* MS
* identifier obeys aiqa-uid
* deviceName 1..* MS
* type 0..1 MS
* type from ScannerTypeValues (extensible)
* patient 0..0
* parent 0..0

Profile: AiqaAlgorithm
Parent: Device
Id: aiqa-algorithm
Title: "Algorithm"
Description: "The software that made a result: one Device per released version of analysis, software, model and weights."
* insert OwnProfile
* identifier 1..*
* identifier ^slicing.discriminator.type = #value
* identifier ^slicing.discriminator.path = "system"
* identifier ^slicing.rules = #open
* identifier contains algorithm 1..1 MS
* identifier[algorithm].system 1..1
* identifier[algorithm].system = "https://w3id.org/aiqa/fhir/sid/algorithm"
* identifier[algorithm].value 1..1
* manufacturer 1..1 MS
* deviceName 1..* MS
* type 1..1 MS
* type = $DCM#123110
* version 1..* MS
* version.type 1..1
* serialNumber 0..0
* patient 0..0
* location 0..0

Profile: AiqaPhantom
Parent: Device
Id: aiqa-phantom
Title: "Phantom"
Description: "The test object. Images carry no serial number of it, so AIQA knows a phantom as this kind at this scanner."
* insert OwnProfile
* identifier 1..* MS
* deviceName 1..* MS
* type 1..1 MS
* type from PhantomTypeValues (required)
* type.coding ^slicing.discriminator.type = #value
* type.coding ^slicing.discriminator.path = "system"
* type.coding ^slicing.rules = #open
* type.coding contains phantom 1..1 and kind 0..1
* type.coding[kind].system 1..1
* type.coding[kind].system = $DCM
* type.coding[phantom].system 1..1
* type.coding[phantom].system = $SCT
* type.coding[phantom].code 1..1
* type.coding[phantom].code = #706342009
* patient 0..0

Profile: AiqaRepeatProposal
Parent: ServiceRequest
Id: aiqa-repeat-proposal
Title: "Repeat proposal"
Description: "A proposal to acquire a series again, for as long as the patient is taken to be on the table. It is a draft with the intent proposal: AIQA never writes an order."
* insert OwnProfile
* obeys aiqa-same-time
* identifier 1..*
* identifier ^slicing.discriminator.type = #value
* identifier ^slicing.discriminator.path = "system"
* identifier ^slicing.rules = #open
* identifier contains repeat 1..1 MS
* identifier[repeat].system 1..1
* identifier[repeat].system = "https://w3id.org/aiqa/fhir/sid/repeat"
* identifier[repeat].value 1..1
* status from RepeatStatusValues (required)
* intent = #proposal
* code 1..1 MS
* orderDetail 1..1 MS
* orderDetail from QaRepeatValues (required)
* subject only Reference(Patient or Device)
* occurrence[x] only Period
* authoredOn 1..1 MS
* requester 1..1 MS
* requester only Reference(Device)
* reasonCode from RepeatReasonValues (extensible)
* reasonReference 1..* MS
* reasonReference only Reference(Observation or DiagnosticReport)
* note 1..* MS

RuleSet: AskedOfAPerson
* insert OwnProfile
* obeys aiqa-rejected-why and aiqa-window
* identifier 1..*
* identifier ^slicing.discriminator.type = #value
* identifier ^slicing.discriminator.path = "system"
* identifier ^slicing.rules = #open
* identifier contains task 1..1 MS
* identifier[task].system 1..1
* identifier[task].system = "https://w3id.org/aiqa/fhir/sid/task"
* identifier[task].value 1..1
* code 1..1 MS
* focus 1..1 MS
* for 1..1 MS
* authoredOn 1..1 MS
* requester 1..1 MS
* requester only Reference(Device)
* reasonReference 1..1 MS
* statusReason from QaDecisionReasonValues (extensible)

Profile: AiqaRepeatTask
Parent: Task
Id: aiqa-repeat-task
Title: "Decision on a repeat"
Description: "Asks a technologist to decide about a repeat proposal. completed: accepted; rejected: declined, with the reason; cancelled: AIQA's own word when the time is over. The series that repeats is an output."
* insert AskedOfAPerson
* intent = #proposal
* code = $TaskCode#approve
* focus only Reference(ServiceRequest)
* for only Reference(Patient or Device)
* restriction 1..1
* input 1..*
* input ^slicing.discriminator.type = #pattern
* input ^slicing.discriminator.path = "type"
* input ^slicing.rules = #open
* input contains series 1..1 MS
* input[series] obeys aiqa-series-uid
* input[series].type = $DCM#112002
* input[series].value[x] only string

Profile: AiqaReviewTask
Parent: Task
Id: aiqa-review-task
Title: "Review"
Description: "Asks a physicist or radiologist to look at a report, or somebody to call service."
* insert AskedOfAPerson
* code from QaReviewValues (required)
* focus only Reference(DiagnosticReport)
* for only Reference(Patient or Device or Location)

RuleSet: FoundByItsTag
* insert OwnProfile
* meta 1..1
* meta.tag ^slicing.discriminator.type = #value
* meta.tag ^slicing.discriminator.path = "system"
* meta.tag ^slicing.rules = #open
* meta.tag contains provenance 1..1 MS
* meta.tag[provenance].system 1..1
* meta.tag[provenance].system = "https://w3id.org/aiqa/fhir/sid/provenance"
* meta.tag[provenance].code 1..1
* occurred[x] 1..1
* occurred[x] only dateTime
* agent.type 1..1

Profile: AiqaProvenance
Parent: Provenance
Id: aiqa-provenance
Title: "Provenance"
Description: "Who made the results, from which images, when, and what they revise. R4 gives Provenance no identifier: it is found again by its tag."
* insert FoundByItsTag
* policy 1..*
* activity 1..1
* obeys aiqa-assembler
* agent.who only Reference(Device or Organization or Practitioner or PractitionerRole)
* entity 1..* MS

Profile: AiqaConfirmation
Parent: Provenance
Id: aiqa-confirmation
Title: "Confirmation"
Description: "A person agrees with results: who, for whom, when. What the results were made from stands in their own Provenance (aiqa-provenance)."
* insert FoundByItsTag
* target only Reference(Observation or DiagnosticReport)
* obeys aiqa-verifier
* agent.who only Reference(Practitioner or PractitionerRole)
* entity 0..0

Profile: AiqaScannerSummary
Parent: MeasureReport
Id: aiqa-scanner-summary
Title: "Scanner summary"
Description: "Counts and rates of one scanner over a month."
* insert OwnProfile
* identifier 1..* MS
* type = #summary
* subject 1..1 MS
* subject only Reference(Device)
* date 1..1
* period.start 1..1
* period.end 1..1
* group 1..* MS
* group obeys aiqa-counts
* group.code 1..1
* group.population 1..* MS
* group.population.code 1..1
* group.population.count 1..1

Profile: AiqaAuditEvent
Parent: AuditEvent
Id: aiqa-audit-event
Title: "Audit event"
Description: "A write to a FHIR server, as IHE BALP (Basic Audit, Create and Update, with and without a patient) asks for it."
* insert OwnProfile
* type = $AuditEventType#rest
* subtype 1..* MS
* action 1..1 MS
* outcome 1..1 MS
* agent 2..* MS
* agent ^slicing.discriminator.type = #pattern
* agent ^slicing.discriminator.path = "type"
* agent ^slicing.rules = #open
* agent contains client 1..1 MS and server 1..1 MS
* agent[client].type 1..1
* agent[client].type = $DCM#110153
* agent[client].who 1..1
* agent[server].type 1..1
* agent[server].type = $DCM#110152
* agent[server].who 1..1
* entity 1..* MS
* entity.what 1..1

Profile: AiqaLimitSet
Parent: PlanDefinition
Id: aiqa-limit-set
Title: "Limit set"
Description: "The limits that a phantom run is judged by: a goal for each level of each metric, with the conditions in words. A run names it with its version (workflow-instantiatesCanonical) and carries the limits that held for it in referenceRange."
* ^status = #draft
* ^experimental = false
* url 1..1 MS
* version 1..1 MS
* title 1..1 MS
* relatedArtifact 1..*
* goal 1..* MS
* goal.category 1..1 MS
* goal.category from QaRangeTypeValues (required)
* goal.documentation 1..*
* goal.target 1..1 MS
* goal.target.measure 1..1
* goal.target.measure from QaMetricValues (required)
* goal.target.detail[x] 1..1
* goal.target.detail[x] only Range
* goal.target.detailRange obeys aiqa-range
* action 0..0
