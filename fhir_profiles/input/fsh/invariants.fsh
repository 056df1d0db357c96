Invariant: aiqa-uid
Description: "A DICOM UID as a business identifier is urn:oid: and a UID of at most 64 characters"
Expression: "system = 'urn:dicom:uid' implies (value.matches('^urn:oid:[0-2]([.](0|[1-9][0-9]*))+$') and value.length() <= 72)"
Severity: #error

Invariant: aiqa-series-uid
Description: "A Series Instance UID stands bare, without urn:oid:"
Expression: "value.matches('^[0-2]([.](0|[1-9][0-9]*))+$') and value.length() <= 64"
Severity: #error

Invariant: aiqa-bare-uid
Description: "A UID inside an ImagingStudy stands bare, without urn:oid:"
Expression: "uid.matches('^[0-2]([.](0|[1-9][0-9]*))+$') and uid.length() <= 64"
Severity: #error

Invariant: aiqa-final-value
Description: "A finished result has a value, or the reason why it has none"
Expression: "(status = 'final' or status = 'amended' or status = 'corrected') implies (value.exists() or dataAbsentReason.exists())"
Severity: #error

Invariant: aiqa-fail-qcf
Description: "A run that failed is marked as a quality control failure, and no other is"
Expression: "value.coding.where(system = 'https://w3id.org/aiqa/fhir/CodeSystem/qa-outcome' and code = 'fail').exists() = interpretation.coding.where(code = 'QCF').exists()"
Severity: #error

Invariant: aiqa-pass-clean
Description: "A run that passed has no metric outside its limits"
Expression: "value.coding.where(system = 'https://w3id.org/aiqa/fhir/CodeSystem/qa-outcome' and code = 'pass').exists() implies component.interpretation.coding.where(code != 'N').empty()"
Severity: #error

Invariant: aiqa-comp-value
Description: "A component has a value or the reason why it has none, not both"
Expression: "value.exists() != dataAbsentReason.exists()"
Severity: #error

Invariant: aiqa-one-unit
Description: "A value and the limits that it is judged by have one unit"
Expression: "(value.ofType(Quantity).code | referenceRange.low.code | referenceRange.high.code).count() <= 1"
Severity: #error

Invariant: aiqa-range
Description: "The lower limit is not above the upper one"
Expression: "(low.exists() and high.exists()) implies low.value <= high.value"
Severity: #error

Invariant: aiqa-critical-high
Description: "A value that is critically high is above its upper action limit"
Expression: "interpretation.coding.where(code = 'HH').exists() implies value.ofType(Quantity).value > referenceRange.where(type.coding.where(code = 'action-limit').exists()).high.value"
Severity: #error

Invariant: aiqa-critical-low
Description: "A value that is critically low is below its lower action limit"
Expression: "interpretation.coding.where(code = 'LL').exists() implies value.ofType(Quantity).value < referenceRange.where(type.coding.where(code = 'action-limit').exists()).low.value"
Severity: #error

Invariant: aiqa-simulated
Description: "What was made from simulated images is marked as test health data, and nothing else is"
Expression: "meta.tag.where(system = 'https://w3id.org/aiqa/fhir/CodeSystem/qa-tag' and code = 'simulated').exists() = meta.security.where(code = 'HTEST').exists()"
Severity: #error

Invariant: aiqa-rejected-why
Description: "A task that was refused or cancelled says why"
Expression: "(status = 'rejected' or status = 'cancelled' or status = 'failed') implies statusReason.exists()"
Severity: #error

Invariant: aiqa-window
Description: "A decision can be taken for some time after the task was made"
Expression: "restriction.period.end.exists() implies restriction.period.end >= authoredOn"
Severity: #error

Invariant: aiqa-same-time
Description: "A series is repeated after it was looked at"
Expression: "occurrence.ofType(Period).exists() implies occurrence.ofType(Period).end >= authoredOn"
Severity: #error

Invariant: aiqa-sr-uid
Description: "The SOP Instance UID stands in masterIdentifier and in identifier: servers search one or the other"
Expression: "identifier.where(system = 'urn:dicom:uid' and value = %resource.masterIdentifier.value).exists()"
Severity: #error

Invariant: aiqa-counts
Description: "A numerator is not larger than its denominator"
Expression: "population.where(code.coding.code = 'numerator').count <= population.where(code.coding.code = 'denominator').count"
Severity: #error

Invariant: aiqa-assembler
Description: "One agent is the algorithm that assembled the results"
Expression: "agent.where(type.coding.where(system = 'http://terminology.hl7.org/CodeSystem/provenance-participant-type' and code = 'assembler').exists()).count() = 1"
Severity: #error

Invariant: aiqa-kind
Description: "A report is about a phantom or about images of a patient, and says which"
Expression: "category.coding.where(system = 'https://w3id.org/aiqa/fhir/CodeSystem/qa-category').count() = 1"
Severity: #error

Invariant: aiqa-ct-both
Description: "Global noise and size-adjusted dose are given together, or neither"
Expression: "component.where(code.coding.where(code = '96912-1').exists()).count() = component.where(code.coding.where(code = '96913-9').exists()).count()"
Severity: #error

Invariant: aiqa-verifier
Description: "One agent is the person who verified the results"
Expression: "agent.where(type.coding.where(system = 'http://terminology.hl7.org/CodeSystem/provenance-participant-type' and code = 'verifier').exists()).count() = 1"
Severity: #error
