Instance: aiqa-facade
InstanceOf: CapabilityStatement
Usage: #definition
Title: "AIQA read facade"
Description: "Read and search over the results that AIQA keeps, for dashboards where an EHR cannot hold results about devices."
* url = "https://w3id.org/aiqa/fhir/CapabilityStatement/aiqa-facade"
* version = "0.1.0"
* name = "AIQAFacade"
* title = "AIQA read facade"
* status = #draft
* date = "2026-11-26"
* publisher = "AIQA Integration project"
* description = "Read and search over the results that AIQA keeps, for dashboards where an EHR cannot hold results about devices."
* kind = #requirements
* fhirVersion = #4.0.1
* format = #application/fhir+json
* implementationGuide = "https://w3id.org/aiqa/fhir/ImplementationGuide/aiqa"
* rest.mode = #server
* rest.security.service = $SecurityService#SMART-on-FHIR "SMART-on-FHIR"
* rest.security.description = "SMART Backend Services, scopes system/*.rs"
* rest.resource[0].type = #Observation
* rest.resource[0].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-phantom-run"
* rest.resource[0].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-phantom-metric"
* rest.resource[0].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-clinical-quality"
* rest.resource[0].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-artifact-finding"
* rest.resource[0].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-ct-dose-image-quality"
* rest.resource[0].interaction[+].code = #read
* rest.resource[0].interaction[+].code = #search-type
* rest.resource[0].versioning = #versioned
* rest.resource[0].searchParam[+].name = "identifier"
* rest.resource[0].searchParam[=].type = #token
* rest.resource[0].searchParam[+].name = "subject"
* rest.resource[0].searchParam[=].type = #reference
* rest.resource[0].searchParam[+].name = "patient"
* rest.resource[0].searchParam[=].type = #reference
* rest.resource[0].searchParam[+].name = "device"
* rest.resource[0].searchParam[=].type = #reference
* rest.resource[0].searchParam[+].name = "code"
* rest.resource[0].searchParam[=].type = #token
* rest.resource[0].searchParam[+].name = "category"
* rest.resource[0].searchParam[=].type = #token
* rest.resource[0].searchParam[+].name = "component-code"
* rest.resource[0].searchParam[=].type = #token
* rest.resource[0].searchParam[+].name = "combo-code"
* rest.resource[0].searchParam[=].type = #token
* rest.resource[0].searchParam[+].name = "date"
* rest.resource[0].searchParam[=].type = #date
* rest.resource[0].searchParam[+].name = "status"
* rest.resource[0].searchParam[=].type = #token
* rest.resource[0].searchParam[+].name = "derived-from"
* rest.resource[0].searchParam[=].type = #reference
* rest.resource[0].searchParam[+].name = "_lastUpdated"
* rest.resource[0].searchParam[=].type = #date
* rest.resource[1].type = #DiagnosticReport
* rest.resource[1].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-report"
* rest.resource[1].interaction[+].code = #read
* rest.resource[1].interaction[+].code = #search-type
* rest.resource[1].searchParam[+].name = "identifier"
* rest.resource[1].searchParam[=].type = #token
* rest.resource[1].searchParam[+].name = "subject"
* rest.resource[1].searchParam[=].type = #reference
* rest.resource[1].searchParam[+].name = "code"
* rest.resource[1].searchParam[=].type = #token
* rest.resource[1].searchParam[+].name = "category"
* rest.resource[1].searchParam[=].type = #token
* rest.resource[1].searchParam[+].name = "date"
* rest.resource[1].searchParam[=].type = #date
* rest.resource[1].searchParam[+].name = "status"
* rest.resource[1].searchParam[=].type = #token
* rest.resource[1].searchParam[+].name = "result"
* rest.resource[1].searchParam[=].type = #reference
* rest.resource[1].searchParam[+].name = "imaging-study"
* rest.resource[1].searchParam[=].type = #reference
* rest.resource[1].searchParam[=].definition = "https://w3id.org/aiqa/fhir/SearchParameter/aiqa-diagnosticreport-imaging-study"
* rest.resource[1].searchParam[+].name = "_lastUpdated"
* rest.resource[1].searchParam[=].type = #date
* rest.resource[2].type = #Device
* rest.resource[2].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-scanner"
* rest.resource[2].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-phantom"
* rest.resource[2].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-algorithm"
* rest.resource[2].interaction[+].code = #read
* rest.resource[2].interaction[+].code = #search-type
* rest.resource[2].searchParam[+].name = "identifier"
* rest.resource[2].searchParam[=].type = #token
* rest.resource[2].searchParam[+].name = "type"
* rest.resource[2].searchParam[=].type = #token
* rest.resource[2].searchParam[+].name = "device-name"
* rest.resource[2].searchParam[=].type = #string
* rest.resource[2].searchParam[+].name = "status"
* rest.resource[2].searchParam[=].type = #token
* rest.resource[2].searchParam[+].name = "_lastUpdated"
* rest.resource[2].searchParam[=].type = #date
* rest.resource[3].type = #ImagingStudy
* rest.resource[3].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-imagingstudy"
* rest.resource[3].interaction[+].code = #read
* rest.resource[3].interaction[+].code = #search-type
* rest.resource[3].searchParam[+].name = "identifier"
* rest.resource[3].searchParam[=].type = #token
* rest.resource[3].searchParam[+].name = "subject"
* rest.resource[3].searchParam[=].type = #reference
* rest.resource[3].searchParam[+].name = "modality"
* rest.resource[3].searchParam[=].type = #token
* rest.resource[3].searchParam[+].name = "started"
* rest.resource[3].searchParam[=].type = #date
* rest.resource[3].searchParam[+].name = "series"
* rest.resource[3].searchParam[=].type = #token
* rest.resource[3].searchParam[+].name = "_lastUpdated"
* rest.resource[3].searchParam[=].type = #date
* rest.resource[4].type = #Task
* rest.resource[4].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-repeat-task"
* rest.resource[4].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-review-task"
* rest.resource[4].interaction[+].code = #read
* rest.resource[4].interaction[+].code = #search-type
* rest.resource[4].searchParam[+].name = "identifier"
* rest.resource[4].searchParam[=].type = #token
* rest.resource[4].searchParam[+].name = "status"
* rest.resource[4].searchParam[=].type = #token
* rest.resource[4].searchParam[+].name = "code"
* rest.resource[4].searchParam[=].type = #token
* rest.resource[4].searchParam[+].name = "focus"
* rest.resource[4].searchParam[=].type = #reference
* rest.resource[4].searchParam[+].name = "subject"
* rest.resource[4].searchParam[=].type = #reference
* rest.resource[4].searchParam[+].name = "authored-on"
* rest.resource[4].searchParam[=].type = #date
* rest.resource[4].searchParam[+].name = "_lastUpdated"
* rest.resource[4].searchParam[=].type = #date
* rest.resource[5].type = #MeasureReport
* rest.resource[5].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-scanner-summary"
* rest.resource[5].interaction[+].code = #read
* rest.resource[5].interaction[+].code = #search-type
* rest.resource[5].searchParam[+].name = "identifier"
* rest.resource[5].searchParam[=].type = #token
* rest.resource[5].searchParam[+].name = "subject"
* rest.resource[5].searchParam[=].type = #reference
* rest.resource[5].searchParam[+].name = "measure"
* rest.resource[5].searchParam[=].type = #reference
* rest.resource[5].searchParam[+].name = "period"
* rest.resource[5].searchParam[=].type = #date
* rest.resource[5].searchParam[+].name = "date"
* rest.resource[5].searchParam[=].type = #date
* rest.resource[5].searchParam[+].name = "_lastUpdated"
* rest.resource[5].searchParam[=].type = #date
* rest.resource[6].type = #Provenance
* rest.resource[6].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-provenance"
* rest.resource[6].interaction[+].code = #read
* rest.resource[6].interaction[+].code = #search-type
* rest.resource[6].searchParam[+].name = "target"
* rest.resource[6].searchParam[=].type = #reference
* rest.resource[6].searchParam[+].name = "agent"
* rest.resource[6].searchParam[=].type = #reference
* rest.resource[6].searchParam[+].name = "recorded"
* rest.resource[6].searchParam[=].type = #date
* rest.resource[6].searchParam[+].name = "_lastUpdated"
* rest.resource[6].searchParam[=].type = #date

Instance: aiqa-client
InstanceOf: CapabilityStatement
Usage: #definition
Title: "What AIQA asks of a FHIR server"
Description: "What a server has to support to hold AIQA's results: transactions, conditional create and update by identifier, and search by identifier."
* url = "https://w3id.org/aiqa/fhir/CapabilityStatement/aiqa-client"
* version = "0.1.0"
* name = "AIQAClient"
* title = "What AIQA asks of a FHIR server"
* status = #draft
* date = "2026-11-26"
* publisher = "AIQA Integration project"
* description = "What a server has to support to hold AIQA's results: transactions, conditional create and update by identifier, and search by identifier."
* kind = #requirements
* fhirVersion = #4.0.1
* format = #application/fhir+json
* implementationGuide = "https://w3id.org/aiqa/fhir/ImplementationGuide/aiqa"
* rest.mode = #client
* rest.security.service = $SecurityService#SMART-on-FHIR "SMART-on-FHIR"
* rest.security.description = "SMART Backend Services, basic, bearer or mutual TLS"
* rest.resource[0].type = #Observation
* rest.resource[0].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-phantom-run"
* rest.resource[0].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-clinical-quality"
* rest.resource[0].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-artifact-finding"
* rest.resource[0].interaction[+].code = #create
* rest.resource[0].interaction[+].code = #update
* rest.resource[0].interaction[+].code = #read
* rest.resource[0].interaction[+].code = #search-type
* rest.resource[0].conditionalCreate = true
* rest.resource[0].conditionalUpdate = true
* rest.resource[0].searchParam[+].name = "identifier"
* rest.resource[0].searchParam[=].type = #token
* rest.resource[1].type = #DiagnosticReport
* rest.resource[1].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-report"
* rest.resource[1].interaction[+].code = #create
* rest.resource[1].interaction[+].code = #update
* rest.resource[1].interaction[+].code = #read
* rest.resource[1].interaction[+].code = #search-type
* rest.resource[1].conditionalCreate = true
* rest.resource[1].conditionalUpdate = true
* rest.resource[1].searchParam[+].name = "identifier"
* rest.resource[1].searchParam[=].type = #token
* rest.resource[2].type = #DocumentReference
* rest.resource[2].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-sr-document"
* rest.resource[2].interaction[+].code = #create
* rest.resource[2].interaction[+].code = #update
* rest.resource[2].interaction[+].code = #search-type
* rest.resource[2].conditionalCreate = true
* rest.resource[2].conditionalUpdate = true
* rest.resource[2].searchParam[+].name = "identifier"
* rest.resource[2].searchParam[=].type = #token
* rest.resource[3].type = #Device
* rest.resource[3].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-scanner"
* rest.resource[3].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-phantom"
* rest.resource[3].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-algorithm"
* rest.resource[3].interaction[+].code = #create
* rest.resource[3].interaction[+].code = #search-type
* rest.resource[3].conditionalCreate = true
* rest.resource[3].searchParam[+].name = "identifier"
* rest.resource[3].searchParam[=].type = #token
* rest.resource[4].type = #ImagingStudy
* rest.resource[4].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-imagingstudy"
* rest.resource[4].interaction[+].code = #create
* rest.resource[4].interaction[+].code = #update
* rest.resource[4].interaction[+].code = #read
* rest.resource[4].interaction[+].code = #search-type
* rest.resource[4].conditionalCreate = true
* rest.resource[4].searchParam[+].name = "identifier"
* rest.resource[4].searchParam[=].type = #token
* rest.resource[5].type = #ServiceRequest
* rest.resource[5].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-repeat-proposal"
* rest.resource[5].interaction[+].code = #create
* rest.resource[5].interaction[+].code = #read
* rest.resource[5].interaction[+].code = #update
* rest.resource[5].interaction[+].code = #search-type
* rest.resource[5].conditionalCreate = true
* rest.resource[5].searchParam[+].name = "identifier"
* rest.resource[5].searchParam[=].type = #token
* rest.resource[6].type = #Task
* rest.resource[6].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-repeat-task"
* rest.resource[6].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-review-task"
* rest.resource[6].interaction[+].code = #create
* rest.resource[6].interaction[+].code = #read
* rest.resource[6].interaction[+].code = #update
* rest.resource[6].interaction[+].code = #search-type
* rest.resource[6].conditionalCreate = true
* rest.resource[6].searchParam[+].name = "identifier"
* rest.resource[6].searchParam[=].type = #token
* rest.resource[6].searchParam[+].name = "code"
* rest.resource[6].searchParam[=].type = #token
* rest.resource[6].searchParam[+].name = "status"
* rest.resource[6].searchParam[=].type = #token
* rest.resource[7].type = #Provenance
* rest.resource[7].supportedProfile[+] = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-provenance"
* rest.resource[7].interaction[+].code = #create
* rest.resource[7].interaction[+].code = #search-type
* rest.resource[7].conditionalCreate = true
* rest.resource[7].searchParam[+].name = "_tag"
* rest.resource[7].searchParam[=].type = #token
* rest.resource[8].type = #Patient
* rest.resource[8].interaction[+].code = #search-type
* rest.resource[8].searchParam[+].name = "identifier"
* rest.resource[8].searchParam[=].type = #token
* rest.interaction.code = #transaction

Instance: aiqa-diagnosticreport-imaging-study
InstanceOf: SearchParameter
Usage: #definition
Title: "imaging-study"
Description: "Reports of a study"
* url = "https://w3id.org/aiqa/fhir/SearchParameter/aiqa-diagnosticreport-imaging-study"
* version = "0.1.0"
* name = "AIQADiagnosticReportImagingStudy"
* status = #draft
* description = "Finds the reports of an imaging study; R4 has no such parameter."
* code = #imaging-study
* base = #DiagnosticReport
* type = #reference
* expression = "DiagnosticReport.imagingStudy"
* xpathUsage = #normal
* target = #ImagingStudy

RuleSet: Rate(code, denominator, numerator)
* group.code = $QaMeasure#{code}
* group.population[0].code = $MeasurePopulation#denominator "Denominator"
* group.population[0].criteria.language = #application/x-fhir-query
* group.population[0].criteria.expression = {denominator}
* group.population[1].code = $MeasurePopulation#numerator "Numerator"
* group.population[1].criteria.language = #application/x-fhir-query
* group.population[1].criteria.expression = {numerator}

Instance: phantom-pass-rate
InstanceOf: Measure
Usage: #definition
Title: "Phantom pass rate"
Description: "Phantom runs that passed, of all phantom runs of a scanner"
* url = "https://w3id.org/aiqa/fhir/Measure/phantom-pass-rate"
* version = "1.0.0"
* name = "PhantomPassRate"
* title = "Phantom pass rate"
* status = #draft
* description = "Phantom runs whose outcome is pass, of all phantom runs of a scanner in a month; amended runs count once."
* subjectCodeableConcept = http://hl7.org/fhir/resource-types#Device
* scoring = $MeasureScoring#proportion "Proportion"
* insert Rate(phantom-pass-rate, "Observation?category=phantom-qa", "Observation?category=phantom-qa&value-concept=pass")

Instance: repeat-rate
InstanceOf: Measure
Usage: #definition
Title: "Repeat rate"
Description: "Series that were acquired again, of all series that were looked at"
* url = "https://w3id.org/aiqa/fhir/Measure/repeat-rate"
* version = "1.0.0"
* name = "RepeatRate"
* title = "Repeat rate"
* status = #draft
* description = "Series that a later series of the same study and protocol repeats, of all series of a scanner in a month."
* subjectCodeableConcept = http://hl7.org/fhir/resource-types#Device
* scoring = $MeasureScoring#proportion "Proportion"
* insert Rate(repeat-rate, "Observation?category=clinical-image-quality", "Task?code=approve&status=completed")

Instance: aiqa
InstanceOf: ImplementationGuide
Usage: #definition
Title: "AIQA imaging quality results"
Description: "Results of automatic imaging quality assurance as FHIR R4 resources"
* url = "https://w3id.org/aiqa/fhir/ImplementationGuide/aiqa"
* version = "0.1.0"
* name = "AIQA"
* title = "AIQA imaging quality results"
* status = #draft
* description = "Results of automatic imaging quality assurance as FHIR R4 resources."
* packageId = "aiqa.fhir"
* license = #Apache-2.0
* fhirVersion = #4.0.1

RuleSet: Maps(code, display, target, equivalence)
* group[=].element[+].code = #{code}
* group[=].element[=].display = {display}
* group[=].element[=].target.code = #{target}
* group[=].element[=].target.equivalence = #{equivalence}

Instance: sr-to-observation
InstanceOf: ConceptMap
Usage: #definition
Title: "TID 1500 to Observation"
Description: "Where the content of the DICOM measurement report stands in FHIR"
* url = "https://w3id.org/aiqa/fhir/ConceptMap/sr-to-observation"
* version = "0.1.0"
* name = "SrToObservation"
* title = "TID 1500 to Observation"
* status = #draft
* description = "Content items of PS3.16 TID 1500 (Measurement Report) and the elements that hold them. Codes of the target are element ids."
* group[+].source = "http://dicom.nema.org/resources/ontology/DCM"
* group[=].target = "http://hl7.org/fhir/StructureDefinition/Observation"
* insert Maps(112040, "Tracking Unique Identifier", Observation.identifier, equivalent)
* insert Maps(112002, "Series Instance UID", Observation.component.value[x], equivalent)
* insert Maps(121012, "Device Observer UID", Observation.device, wider)
* insert Maps(121013, "Device Observer Name", Observation.device, wider)
* insert Maps(121058, "Procedure reported", Observation.partOf, wider)
* insert Maps(111028, "Image Library", Observation.derivedFrom, wider)
* insert Maps(126010, "Imaging Measurements", Observation.component, equivalent)
* insert Maps(125007, "Measurement Group", Observation.component, wider)
* insert Maps(121071, "Finding", Observation.code, equivalent)
* insert Maps(111050, "Quality Assessment", Observation.value[x], equivalent)
* insert Maps(121106, "Comment", Observation.note, equivalent)
* group[+].source = "http://dicom.nema.org/resources/ontology/DCM"
* group[=].target = "http://hl7.org/fhir/StructureDefinition/DiagnosticReport"
* insert Maps(126000, "Imaging Measurement Report", DiagnosticReport, equivalent)
* insert Maps(121111, "Summary", DiagnosticReport.conclusion, equivalent)
* insert Maps(121049, "Language of Content Item and Descendants", DiagnosticReport.language, equivalent)
