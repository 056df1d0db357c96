// Written by python -m fhir_profiles.terminology; do not edit.

CodeSystem: QaCategory
Id: qa-category
Title: "What a quality result is about"
Description: "About a test object or about a patient's images."
* insert OwnCodes
* #phantom-qa "Phantom quality assurance" "A result about a test object"
* #clinical-image-quality "Clinical image quality" "A result about images of a patient"

CodeSystem: QaOutcome
Id: qa-outcome
Title: "Outcome of a run"
Description: "How a run of an analysis came out. PS3.16 CID 6044 has words for two of them only."
* insert OwnCodes
* #pass "Pass" "Everything required was measured and is inside its limits"
* #warning "Warning" "A value is outside its tolerance"
* #fail "Fail" "A value is outside its action limits"
* #not-assessed "Not assessed" "No limits apply"
* #incomplete "Incomplete" "Something required was not measured"
* #not-evaluable "Not evaluable" "Nothing could be measured"

CodeSystem: QaRangeType
Id: qa-range-type
Title: "Kind of limit"
Description: "Kinds of reference range of a quality metric."
* insert OwnCodes
* #action-limit "Action limit" "Outside this range something must be done"
* #warning-limit "Warning limit" "Outside this range somebody should look"

CodeSystem: QaTask
Id: qa-task
Title: "What is asked of a person"
Description: "What AIQA proposes. It never orders."
* insert OwnCodes
* #repeat-series "Repeat series" "Acquire the series again while the patient is there"
* #change-protocol "Acquire with another protocol" "A repeat of the same protocol would not help"
* #physics-review "Review failed QA run" "A medical physicist is to look at a phantom's result"
* #image-review "Review the images of a series" "A person is to look at a patient's series"
* #service "Call service for the scanner" "The same fault came back on one scanner"

CodeSystem: QaDecisionReason
Id: qa-decision-reason
Title: "Why a proposal was answered so"
Description: "Reasons why a Task ended."
* insert OwnCodes
* #declined "Declined on the notice board" "A person decided against the proposal"
* #expired "The time to decide is over" "The patient is taken to have left before anybody decided"
* #withdrawn "The result was replaced" "A later result of the same series proposes nothing"
* #artifact-acceptable "Artifact acceptable for the clinical question" "The images answer what was asked in spite of it"
* #no-artifact "No artifact seen" "The person does not see what AIQA reports"
* #patient-condition "Patient cannot go on" "The state of the patient forbids another acquisition"
* #already-repeated "Already repeated" "The series had been acquired again before the proposal was read"
* #no-time "No time in the schedule" "The scanner is needed for another patient"

CodeSystem: QaMeasure
Id: qa-measure
Title: "What is counted per scanner"
Description: "Counts and rates of a scanner over a time."
* insert OwnCodes
* #phantom-pass-rate "Phantom pass rate" "Phantom runs within all limits, of all phantom runs"
* #repeat-rate "Repeat rate" "Patients' series that were repeated after a notice, of all assessed ones"

CodeSystem: QaTag
Id: qa-tag
Title: "Tags of AIQA"
Description: "What is said of a resource in meta.tag."
* insert OwnCodes
* #simulated "Simulated images" "The images were made by a simulator"
* #made-by-aiqa "Made by AIQA" "The resource was written by this program"

CodeSystem: QaMetric
Id: qa-metric
Title: "Metrics and runs"
Description: "Metrics as in report.json, and the runs that hold them."
* insert OwnCodes
* #acr-mri-run "ACR MRI phantom run"
* #acr-ct-run "ACR CT phantom run"
* #acr-dm-run "ACR digital mammography phantom run"
* #affected-slice-fraction "Fraction of slices affected"
* #artifact-present "Artifacts present"
* #average-glandular-dose "Average glandular dose"
* #cnr "Contrast to noise ratio"
* #ct-number-acrylic "CT number, acrylic"
* #ct-number-air "CT number, air"
* #ct-number-bone "CT number, bone"
* #ct-number-polyethylene "CT number, polyethylene"
* #ct-number-water "CT number, water"
* #ctdivol "CTDIvol"
* #fiber-score "Fiber score"
* #high-contrast-resolution "High contrast resolution"
* #low-contrast-cnr "Low contrast CNR (25 mm rod)"
* #mass-score "Mass score"
* #mr-artifact-bias "Signal non-uniformity, probability"
* #mr-artifact-chemical-shift "Chemical shift, probability"
* #mr-artifact-fat-sat-failure "Failed fat suppression, probability"
* #mr-artifact-ghost "Ghosting, probability"
* #mr-artifact-gibbs "Truncation (Gibbs) ringing, probability"
* #mr-artifact-low-snr "Low signal-to-noise ratio, probability"
* #mr-artifact-motion "Motion, probability"
* #mr-artifact-slice-dropout "Slice cross-talk or dropped slices, probability"
* #mr-artifact-spike "Spike noise (herringbone), probability"
* #mr-artifact-susceptibility "Susceptibility or metal, probability"
* #mr-artifact-wrap "Wrap-around, probability"
* #mr-artifact-zipper "Zipper (radio-frequency interference), probability"
* #mr-centre-frequency "Centre frequency"
* #mr-contrast-response-0.8-horizontal "Contrast response, 0.8 mm, horizontal"
* #mr-contrast-response-0.8-vertical "Contrast response, 0.8 mm, vertical"
* #mr-contrast-response-0.9-horizontal "Contrast response, 0.9 mm, horizontal"
* #mr-contrast-response-0.9-vertical "Contrast response, 0.9 mm, vertical"
* #mr-contrast-response-1.0-horizontal "Contrast response, 1.0 mm, horizontal"
* #mr-contrast-response-1.0-vertical "Contrast response, 1.0 mm, vertical"
* #mr-contrast-response-1.1-horizontal "Contrast response, 1.1 mm, horizontal"
* #mr-contrast-response-1.1-vertical "Contrast response, 1.1 mm, vertical"
* #mr-high-contrast-resolution-lr "High-contrast resolution, lower right arrays"
* #mr-high-contrast-resolution-ul "High-contrast resolution, upper left arrays"
* #mr-iqm-air-line-level-phase "Level of lines in air, phase"
* #mr-iqm-air-line-level-read "Level of lines in air, read-out"
* #mr-iqm-air-line-phase "Lines in air, phase"
* #mr-iqm-air-line-read "Lines in air, read-out"
* #mr-iqm-background-bright-blocks "Background, part that is bright"
* #mr-iqm-background-difference "Background, phase minus read-out"
* #mr-iqm-background-kurtosis "Background, kurtosis"
* #mr-iqm-background-max "Background, maximum"
* #mr-iqm-background-mean "Background, mean"
* #mr-iqm-background-p95 "Background, 95th percentile"
* #mr-iqm-background-p99 "Background, 99th percentile"
* #mr-iqm-background-skewness "Background, skewness"
* #mr-iqm-background-spread "Background, spread over mean"
* #mr-iqm-background-structure "Background, structure"
* #mr-iqm-background-zeroed "Background, part set to zero"
* #mr-iqm-blank-slices "Slices that are blank"
* #mr-iqm-border-continuity-phase "Continuity over borders, phase"
* #mr-iqm-border-continuity-read "Continuity over borders, read-out"
* #mr-iqm-border-object-phase "Object at borders, phase"
* #mr-iqm-border-object-read "Object at borders, read-out"
* #mr-iqm-border-signal-phase "Signal at borders, phase"
* #mr-iqm-border-signal-read "Signal at borders, read-out"
* #mr-iqm-bright-tail "Object, bright tail of signal"
* #mr-iqm-dark-tail "Object, dark tail of signal"
* #mr-iqm-edge-half-phase "Edges half a field of view apart, phase"
* #mr-iqm-edge-half-read "Edges half a field of view apart, read-out"
* #mr-iqm-edge-repeat-phase "Repeated edges along phase encoding"
* #mr-iqm-edge-repeat-read "Repeated edges along read-out"
* #mr-iqm-edge-skewness-phase "Dark and bright edges, phase"
* #mr-iqm-edge-skewness-read "Dark and bright edges, read-out"
* #mr-iqm-edge-step-phase "k-space, step along phase encoding"
* #mr-iqm-edge-step-radial "k-space, step along the radius"
* #mr-iqm-edge-step-read "k-space, step along read-out"
* #mr-iqm-energy-ratio "Foreground-background energy ratio"
* #mr-iqm-field-bowl "Log-field, curvature"
* #mr-iqm-field-deviation "Log-field, standard deviation"
* #mr-iqm-field-range "Log-field, range"
* #mr-iqm-field-tilt "Log-field, linear part"
* #mr-iqm-filled-phase "k-space, filled along phase"
* #mr-iqm-filled-radial "k-space, filled radius"
* #mr-iqm-filled-read "k-space, filled along read-out"
* #mr-iqm-fineness-phase "Fineness along phase"
* #mr-iqm-fineness-read "Fineness along read-out"
* #mr-iqm-focus-criterion "Entropy focus criterion"
* #mr-iqm-foreground-fraction "Object, part of image"
* #mr-iqm-ghost-correlation-phase "Copy of object in air, phase"
* #mr-iqm-ghost-correlation-read "Copy of object in air, read-out"
* #mr-iqm-ghost-level-phase "Level of copy in air, phase"
* #mr-iqm-ghost-level-read "Level of copy in air, read-out"
* #mr-iqm-gradient-anisotropy "Gradients, phase over read-out"
* #mr-iqm-gradient-entropy "Entropy of gradients"
* #mr-iqm-gradient-mean "Mean gradient"
* #mr-iqm-high-frequency-share "High-frequency share"
* #mr-iqm-hot-rim "Bright rim of voids"
* #mr-iqm-image-line-phase "Lines in image, phase"
* #mr-iqm-image-line-read "Lines in image, read-out"
* #mr-iqm-line-modulation-phase "k-space lines, modulation along phase"
* #mr-iqm-line-modulation-read "k-space lines, modulation along read-out"
* #mr-iqm-line-period-phase "k-space lines, periodicity along phase"
* #mr-iqm-line-period-read "k-space lines, periodicity along read-out"
* #mr-iqm-noise-colour "Noise, colour"
* #mr-iqm-noise-corner "Noise over signal, in corners of k-space"
* #mr-iqm-noise-haar "Noise over signal"
* #mr-iqm-noise-ratio "Noise in air over noise in object"
* #mr-iqm-noise-spread "Slices, spread of noise"
* #mr-iqm-nyquist-ghost-phase "Half-field ghost along phase encoding"
* #mr-iqm-nyquist-ghost-read "Half-field ghost along read-out"
* #mr-iqm-object-kurtosis "Object, kurtosis of signal"
* #mr-iqm-object-skewness "Object, skewness of signal"
* #mr-iqm-object-variation "Object, variation of signal"
* #mr-iqm-odd-even "Odd against even slices"
* #mr-iqm-pile-up "Piled-up signal"
* #mr-iqm-rim-asymmetry-phase "Rim of the object, sides apart, phase"
* #mr-iqm-rim-asymmetry-read "Rim of the object, sides apart, read-out"
* #mr-iqm-rim-brightness "Rim of the object, brightness"
* #mr-iqm-ringing-phase "Ringing along phase encoding"
* #mr-iqm-ringing-read "Ringing along read-out"
* #mr-iqm-shading "Shading of the object"
* #mr-iqm-sharpness "Sharpness of edges"
* #mr-iqm-sides-phase "Sides apart along phase encoding"
* #mr-iqm-sides-read "Sides apart along read-out"
* #mr-iqm-slice-gain-spread "Slices, spread of gain"
* #mr-iqm-slice-likeness "Slices, least likeness"
* #mr-iqm-slice-loss "Signal that one slice lost"
* #mr-iqm-slice-outlier "Slices, largest outlier"
* #mr-iqm-slice-shift "Slices, largest shift in mm"
* #mr-iqm-snr-air "Signal-to-noise ratio, from air"
* #mr-iqm-snr-haar "Signal-to-noise ratio, in object"
* #mr-iqm-spectral-anisotropy "Power, phase over read-out"
* #mr-iqm-spectral-slope "Slope of the power spectrum"
* #mr-iqm-spike-energy "k-space, power of outlying points"
* #mr-iqm-spike-peak "k-space, highest point"
* #mr-iqm-spike-points "k-space, outlying points"
* #mr-iqm-spike-ring "k-space, highest point of its ring"
* #mr-iqm-void-fraction "Voids in the object"
* #mr-iqm-void-largest "Largest void in the object"
* #mr-length-diagonal-135-slice5 "Length, diagonal, upper right to lower left, slice 5"
* #mr-length-diagonal-45-slice5 "Length, diagonal, upper left to lower right, slice 5"
* #mr-length-horizontal-slice1 "Length, horizontal, slice 1"
* #mr-length-horizontal-slice5 "Length, horizontal, slice 5"
* #mr-length-superior-inferior "Length, superior to inferior, localizer"
* #mr-length-vertical-slice1 "Length, vertical, slice 1"
* #mr-length-vertical-slice5 "Length, vertical, slice 5"
* #mr-low-contrast-spokes "Low-contrast spokes seen, slices 8 to 11"
* #mr-low-contrast-spokes-slice10 "Low-contrast spokes seen, slice 10"
* #mr-low-contrast-spokes-slice11 "Low-contrast spokes seen, slice 11"
* #mr-low-contrast-spokes-slice8 "Low-contrast spokes seen, slice 8"
* #mr-low-contrast-spokes-slice9 "Low-contrast spokes seen, slice 9"
* #mr-percent-image-uniformity "Percent image uniformity"
* #mr-percent-signal-ghosting "Percent signal ghosting"
* #mr-rod-distance-col-bottom "Rod distance, right column"
* #mr-rod-distance-col-middle "Rod distance, middle column"
* #mr-rod-distance-col-top "Rod distance, left column"
* #mr-rod-distance-row-bottom "Rod distance, bottom row"
* #mr-rod-distance-row-middle "Rod distance, middle row"
* #mr-rod-distance-row-top "Rod distance, top row"
* #mr-slice-position-error-slice1 "Slice position error, slice 1"
* #mr-slice-position-error-slice11 "Slice position error, slice 11"
* #mr-slice-thickness "Slice thickness"
* #mr-snr "Signal-to-noise ratio"
* #mr-transmitter-gain "Transmitter gain (the vendor's own scale)"
* #noise-sd "Noise (SD, centre ROI)"
* #non-diagnostic-probability "Probability of non-diagnostic quality"
* #slice-thickness "Slice thickness"
* #snr "Signal to noise ratio"
* #speck-group-score "Speck group score"
* #uniformity-diff-12 "Uniformity, 12 o'clock minus centre"
* #uniformity-diff-3 "Uniformity, 3 o'clock minus centre"
* #uniformity-diff-6 "Uniformity, 6 o'clock minus centre"
* #uniformity-diff-9 "Uniformity, 9 o'clock minus centre"
* #uniformity-max-diff "Uniformity, largest centre-edge difference"
* #wax-insert-length "Wax insert length (distance test)"

CodeSystem: QaNotMeasured
Id: qa-not-measured
Title: "Why a metric has no value"
Description: "Reasons as in report.json."
* insert OwnCodes
* #slice-missing "The slice to measure is missing"
* #feature-not-found "The feature to measure was not found"
* #roi-outside-image "The region to measure leaves the image"
* #background-zeroed "The background was set to zero"
* #background-too-small "Too little background in the image"
* #signal-too-low "Too little signal"
* #implausible "The value found is not plausible"
* #pose-uncertain "The position of the test object is uncertain"
* #wrong-orientation "The slices have the wrong orientation"
* #attribute-missing "The images lack an attribute that is needed"
* #analysis-failed "The analysis failed"

CodeSystem: QaRefusal
Id: qa-refusal
Title: "Why a series was refused"
Description: "Stable error codes (docs/errors.md)."
* insert OwnCodes
* #aiqa-error "Aiqa error"
* #archive-refused "Archive refused"
* #archive-unavailable "Archive unavailable"
* #bad-metadata "Bad metadata"
* #bundle "Bundle"
* #configuration "Configuration"
* #ehr-refused "Ehr refused"
* #ehr-unavailable "Ehr unavailable"
* #ehr-unmatched "Ehr unmatched"
* #encoding "Encoding"
* #hash-mismatch "Hash mismatch"
* #incomplete-series "Incomplete series"
* #input "Input"
* #lease-lost "Lease lost"
* #ledger "Ledger"
* #measurement "Measurement"
* #mixed-geometry "Mixed geometry"
* #no-rule "No rule"
* #not-image-data "Not image data"
* #out-of-memory "Out of memory"
* #permanent "Permanent"
* #phantom-not-found "Phantom not found"
* #receiver-refused "Receiver refused"
* #receiver-unavailable "Receiver unavailable"
* #refused "Refused"
* #roi-outside-image "Roi outside image"
* #series-incomplete "Series incomplete"
* #shape-mismatch "Shape mismatch"
* #too-few-slices "Too few slices"
* #transient "Transient"
* #unforeseen "Unforeseen"
* #unsupported-series "Unsupported series"

CodeSystem: AiqaSr
Id: aiqa-sr
Title: "Concepts of AIQA's SR"
Description: "Concepts of coding scheme 99AIQA."
* insert OwnCodes
* ^url = "urn:oid:2.25.213384237021484209190842339713268837121"
* #AIQA-A-DROPOUT "Slice cross-talk or signal dropout" "A slice has lost signal against its neighbours"
* #AIQA-A-FATSAT "Failed fat suppression" "Fat is bright where it was to be suppressed"
* #AIQA-A-GIBBS "Truncation artifact" "Stripes beside an edge from too few points of k-space"
* #AIQA-A-SPIKE "Spike noise (herringbone) artifact" "Stripes through the whole image from one wrong point of k-space"
* #AIQA-A-ZIPPER "Zipper artifact" "A bright dotted line at the frequency of an interference"
* #AIQA-ANALYSIS "Analysis" "Name and version of the analysis"
* #AIQA-BUNDLE "Model bundle" "Name, version and digest of the learned model"
* #AIQA-CR-08-H "Contrast response, 0.8 mm, horizontal" "Difference of peaks and troughs over the peaks in the array of this hole size"
* #AIQA-CR-08-V "Contrast response, 0.8 mm, vertical" "Difference of peaks and troughs over the peaks in the array of this hole size"
* #AIQA-CR-09-H "Contrast response, 0.9 mm, horizontal" "Difference of peaks and troughs over the peaks in the array of this hole size"
* #AIQA-CR-09-V "Contrast response, 0.9 mm, vertical" "Difference of peaks and troughs over the peaks in the array of this hole size"
* #AIQA-CR-10-H "Contrast response, 1.0 mm, horizontal" "Difference of peaks and troughs over the peaks in the array of this hole size"
* #AIQA-CR-10-V "Contrast response, 1.0 mm, vertical" "Difference of peaks and troughs over the peaks in the array of this hole size"
* #AIQA-CR-11-H "Contrast response, 1.1 mm, horizontal" "Difference of peaks and troughs over the peaks in the array of this hole size"
* #AIQA-CR-11-V "Contrast response, 1.1 mm, vertical" "Difference of peaks and troughs over the peaks in the array of this hole size"
* #AIQA-CREATED "Result made at" "When the result was made"
* #AIQA-DEVICE "Device" "The device that made the images"
* #AIQA-EVIDENCE "Evidence of the finding" "A number that supports a finding, with its limit and what is usual"
* #AIQA-F-BUBBLE "Air bubble in the test object" "Air inside the water of the test object"
* #AIQA-F-LEFTOUT "Images were left out" "Images of the series that the analysis did without"
* #AIQA-F-MIRRORED "Test object mirrored" "The images show the test object as in a mirror"
* #AIQA-F-OFFCENTR "Test object off centre" "The test object lies away from the middle of the images"
* #AIQA-F-RINGS "Ring artifact" "Rings about the axis of rotation from a detector element that reads wrongly"
* #AIQA-F-ROLL "Test object rolled" "The test object is turned in the plane of the slices"
* #AIQA-F-SLICEPOS "Slices away from their places" "The slices do not lie where the guideline wants them"
* #AIQA-F-STREAKS "Streak artifact" "Straight stripes through dense objects, or from too few photons or projections"
* #AIQA-F-TILT "Test object tilted" "The test object's axis is not square to the slices"
* #AIQA-FREQ "Centre frequency" "Resonance frequency that the scanner set"
* #AIQA-HCR-LR "High-contrast spatial resolution, lower right arrays" "Smallest spacing of holes that are told apart"
* #AIQA-HCR-UL "High-contrast spatial resolution, upper left arrays" "Smallest spacing of holes that are told apart"
* #AIQA-LCOD "Low-contrast spokes seen, slices 8 to 11" "Whole spokes of low-contrast disks seen in four slices, 0 to 40"
* #AIQA-LCOD-S10 "Low-contrast spokes seen, slice 10" "Whole spokes of low-contrast disks seen in the slice, 0 to 10"
* #AIQA-LCOD-S11 "Low-contrast spokes seen, slice 11" "Whole spokes of low-contrast disks seen in the slice, 0 to 10"
* #AIQA-LCOD-S8 "Low-contrast spokes seen, slice 8" "Whole spokes of low-contrast disks seen in the slice, 0 to 10"
* #AIQA-LCOD-S9 "Low-contrast spokes seen, slice 9" "Whole spokes of low-contrast disks seen in the slice, 0 to 10"
* #AIQA-LEN-D135-S5 "Phantom length, diagonal, upper right to lower left, slice 5" "Length of the test object through its axis in this direction"
* #AIQA-LEN-D45-S5 "Phantom length, diagonal, upper left to lower right, slice 5" "Length of the test object through its axis in this direction"
* #AIQA-LEN-H-S1 "Phantom length, horizontal, slice 1" "Length of the test object through its axis in this direction"
* #AIQA-LEN-H-S5 "Phantom length, horizontal, slice 5" "Length of the test object through its axis in this direction"
* #AIQA-LEN-SI "Phantom length, superior to inferior" "Length of the test object along its axis"
* #AIQA-LEN-V-S1 "Phantom length, vertical, slice 1" "Length of the test object through its axis in this direction"
* #AIQA-LEN-V-S5 "Phantom length, vertical, slice 5" "Length of the test object through its axis in this direction"
* #AIQA-LIMITS "Limit set" "The set that the limits come from"
* #AIQA-NM-REASON "Why this was not measured" "Why a metric has no value"
* #AIQA-P-BIAS "Signal non-uniformity, probability" "Calibrated probability that the artifact limits reading"
* #AIQA-P-BUBBLE "Air bubble in the test object, probability" "How probable it is that this finding is there"
* #AIQA-P-CHEM "Chemical shift, probability" "Calibrated probability that the artifact limits reading"
* #AIQA-P-DROPOUT "Slice cross-talk or dropped slices, probability" "Calibrated probability that the artifact limits reading"
* #AIQA-P-FATSAT "Failed fat suppression, probability" "Calibrated probability that the artifact limits reading"
* #AIQA-P-GHOST "Ghosting, probability" "Calibrated probability that the artifact limits reading"
* #AIQA-P-GIBBS "Truncation (Gibbs) ringing, probability" "Calibrated probability that the artifact limits reading"
* #AIQA-P-LEFTOUT "Images were left out, probability" "How probable it is that this finding is there"
* #AIQA-P-LOWSNR "Low signal-to-noise ratio, probability" "Calibrated probability that the artifact limits reading"
* #AIQA-P-MIRRORED "Test object mirrored, probability" "How probable it is that this finding is there"
* #AIQA-P-MOTION "Motion, probability" "Calibrated probability that the artifact limits reading"
* #AIQA-P-OFFCENTR "Test object off centre, probability" "How probable it is that this finding is there"
* #AIQA-P-ONESIDED "One-sided signal, probability" "How probable it is that this finding is there"
* #AIQA-P-ROLL "Test object rolled, probability" "How probable it is that this finding is there"
* #AIQA-P-SLICEPOS "Slices away from their places, probability" "How probable it is that this finding is there"
* #AIQA-P-SPIKE "Spike noise (herringbone), probability" "Calibrated probability that the artifact limits reading"
* #AIQA-P-SUSC "Susceptibility or metal, probability" "Calibrated probability that the artifact limits reading"
* #AIQA-P-TILT "Test object tilted, probability" "How probable it is that this finding is there"
* #AIQA-P-WRAP "Wrap-around, probability" "Calibrated probability that the artifact limits reading"
* #AIQA-P-ZIPPER "Zipper (radio-frequency interference), probability" "Calibrated probability that the artifact limits reading"
* #AIQA-PHANTOM "Test object" "The test object that was found in the images"
* #AIQA-PIU "Percent integral uniformity" "100 (1 - (highest - lowest) / (highest + lowest)) of the means of 1 cm² disks in the water"
* #AIQA-PROB "Probability of the finding" "How probable it is that the finding is there"
* #AIQA-PROV "How this result was made" "Software, rules, limits and model that a result hangs on"
* #AIQA-PSG "Percent signal ghosting" "Ghost signal beside the test object over the signal in it"
* #AIQA-Q-AIRLPHA "Lines in air, phase" "Heiland, Clin Neuroradiol 2008;18:25, zipper: radio-frequency interference as lines"
* #AIQA-Q-AIRLREAD "Lines in air, read-out" "Heiland, Clin Neuroradiol 2008;18:25, zipper: radio-frequency interference as lines"
* #AIQA-Q-AIRLVPHA "Level of lines in air, phase" "Heiland, Clin Neuroradiol 2008;18:25, zipper: radio-frequency interference as lines"
* #AIQA-Q-AIRLVREAD "Level of lines in air, read-out" "Heiland, Clin Neuroradiol 2008;18:25, zipper: radio-frequency interference as lines"
* #AIQA-Q-ANISO "Power, phase over read-out" "Wood and Henkelman, Med Phys 1985;12:143, modulation of k-space lines"
* #AIQA-Q-BCONPHA "Continuity over borders, phase" "Heiland, Clin Neuroradiol 2008;18:25, aliasing: signal folded over the borders"
* #AIQA-Q-BCONREAD "Continuity over borders, read-out" "Heiland, Clin Neuroradiol 2008;18:25, aliasing: signal folded over the borders"
* #AIQA-Q-BGBRIGHT "Background, part that is bright" "Mortamet et al., Magn Reson Med 2009;62:365, artifacts and noise in the background"
* #AIQA-Q-BGDIFF "Background, phase minus read-out" "ACR MRI Phantom Test Guidance (10/2022), section 6, percent-signal ghosting"
* #AIQA-Q-BGKURT "Background, kurtosis" "Gudbjartsson and Patz, Magn Reson Med 1995;34:910, distribution of noisy magnitude data"
* #AIQA-Q-BGMAX "Background, maximum" "Mortamet et al., Magn Reson Med 2009;62:365, artifacts and noise in the background"
* #AIQA-Q-BGMEAN "Background, mean" "Mortamet et al., Magn Reson Med 2009;62:365, artifacts and noise in the background"
* #AIQA-Q-BGP95 "Background, 95th percentile" "Mortamet et al., Magn Reson Med 2009;62:365, artifacts and noise in the background"
* #AIQA-Q-BGP99 "Background, 99th percentile" "Mortamet et al., Magn Reson Med 2009;62:365, artifacts and noise in the background"
* #AIQA-Q-BGSKEW "Background, skewness" "Gudbjartsson and Patz, Magn Reson Med 1995;34:910, distribution of noisy magnitude data"
* #AIQA-Q-BGSPREAD "Background, spread over mean" "Gudbjartsson and Patz, Magn Reson Med 1995;34:910, distribution of noisy magnitude data"
* #AIQA-Q-BGSTRUCT "Background, structure" "Mortamet et al., Magn Reson Med 2009;62:365, artifacts and noise in the background"
* #AIQA-Q-BGZERO "Background, part set to zero" "Mortamet et al., Magn Reson Med 2009;62:365, artifacts and noise in the background"
* #AIQA-Q-BOBJPHA "Object at borders, phase" "Heiland, Clin Neuroradiol 2008;18:25, aliasing: signal folded over the borders"
* #AIQA-Q-BOBJREAD "Object at borders, read-out" "Heiland, Clin Neuroradiol 2008;18:25, aliasing: signal folded over the borders"
* #AIQA-Q-BORDPHA "Signal at borders, phase" "Heiland, Clin Neuroradiol 2008;18:25, aliasing: signal folded over the borders"
* #AIQA-Q-BORDREAD "Signal at borders, read-out" "Heiland, Clin Neuroradiol 2008;18:25, aliasing: signal folded over the borders"
* #AIQA-Q-BRIGHT "Object, bright tail of signal" "first-order statistics of the foreground, as in MRIQC (Esteban et al., PLOS ONE 2017;12:e0184661)"
* #AIQA-Q-DARK "Object, dark tail of signal" "first-order statistics of the foreground, as in MRIQC (Esteban et al., PLOS ONE 2017;12:e0184661)"
* #AIQA-Q-EFC "Entropy focus criterion" "Atkinson et al., IEEE Trans Med Imaging 1997;16:903, entropy focus criterion"
* #AIQA-Q-FBER "Foreground-background energy ratio" "Quality assessment protocol (Shehzad et al., Front Neurosci 2015), foreground to background energy ratio"
* #AIQA-Q-FGFRAC "Object, part of image" "first-order statistics of the foreground, as in MRIQC (Esteban et al., PLOS ONE 2017;12:e0184661)"
* #AIQA-Q-FIELDBOWL "Log-field, curvature" "Sled et al., IEEE Trans Med Imaging 1998;17:87, smooth multiplicative field"
* #AIQA-Q-FIELDRNG "Log-field, range" "Sled et al., IEEE Trans Med Imaging 1998;17:87, smooth multiplicative field"
* #AIQA-Q-FIELDSD "Log-field, standard deviation" "Sled et al., IEEE Trans Med Imaging 1998;17:87, smooth multiplicative field"
* #AIQA-Q-FIELDTILT "Log-field, linear part" "Sled et al., IEEE Trans Med Imaging 1998;17:87, smooth multiplicative field"
* #AIQA-Q-FILLPHA "k-space, filled along phase" "Wood and Henkelman, Magn Reson Med 1985;2:517, truncation of k-space"
* #AIQA-Q-FILLRAD "k-space, filled radius" "Wood and Henkelman, Magn Reson Med 1985;2:517, truncation of k-space"
* #AIQA-Q-FILLREAD "k-space, filled along read-out" "Wood and Henkelman, Magn Reson Med 1985;2:517, truncation of k-space"
* #AIQA-Q-FINEPHA "Fineness along phase" "Krotkov, Int J Comput Vis 1988;1:223, Tenenbaum's gradient criterion"
* #AIQA-Q-FINEREAD "Fineness along read-out" "Krotkov, Int J Comput Vis 1988;1:223, Tenenbaum's gradient criterion"
* #AIQA-Q-GHCORPHA "Copy of object in air, phase" "Wood and Henkelman, Med Phys 1985;12:143, ghosts along phase encoding"
* #AIQA-Q-GHCORREAD "Copy of object in air, read-out" "Wood and Henkelman, Med Phys 1985;12:143, ghosts along phase encoding"
* #AIQA-Q-GHLEVPHA "Level of copy in air, phase" "Wood and Henkelman, Med Phys 1985;12:143, ghosts along phase encoding"
* #AIQA-Q-GHLEVREAD "Level of copy in air, read-out" "Wood and Henkelman, Med Phys 1985;12:143, ghosts along phase encoding"
* #AIQA-Q-GRADANI "Gradients, phase over read-out" "McGee et al., J Magn Reson Imaging 2000;11:174, gradient entropy"
* #AIQA-Q-GRADENT "Entropy of gradients" "McGee et al., J Magn Reson Imaging 2000;11:174, gradient entropy"
* #AIQA-Q-GRADMEAN "Mean gradient" "Krotkov, Int J Comput Vis 1988;1:223, Tenenbaum's gradient criterion"
* #AIQA-Q-HALFPHA "Edges half a field of view apart, phase" "Wood and Henkelman, Med Phys 1985;12:143, ghosts along phase encoding"
* #AIQA-Q-HALFREAD "Edges half a field of view apart, read-out" "Wood and Henkelman, Med Phys 1985;12:143, ghosts along phase encoding"
* #AIQA-Q-HIGHFREQ "High-frequency share" "Field, J Opt Soc Am A 1987;4:2379, power spectra of natural images"
* #AIQA-Q-HOTRIM "Bright rim of voids" "Hargreaves et al., AJR 2011;197:547, signal voids and pile-up"
* #AIQA-Q-IMGLPHA "Lines in image, phase" "Heiland, Clin Neuroradiol 2008;18:25, zipper: radio-frequency interference as lines"
* #AIQA-Q-IMGLREAD "Lines in image, read-out" "Heiland, Clin Neuroradiol 2008;18:25, zipper: radio-frequency interference as lines"
* #AIQA-Q-MODPHA "k-space lines, modulation along phase" "Wood and Henkelman, Med Phys 1985;12:143, modulation of k-space lines"
* #AIQA-Q-MODREAD "k-space lines, modulation along read-out" "Wood and Henkelman, Med Phys 1985;12:143, modulation of k-space lines"
* #AIQA-Q-NCOLOUR "Noise, colour" "Donoho and Johnstone, Biometrika 1994;81:425, median of the finest wavelet detail"
* #AIQA-Q-NCORNER "Noise over signal, in corners of k-space" "Gudbjartsson and Patz, Magn Reson Med 1995;34:910, distribution of noisy magnitude data"
* #AIQA-Q-NOISE "Noise over signal" "Donoho and Johnstone, Biometrika 1994;81:425, median of the finest wavelet detail"
* #AIQA-Q-NRATIO "Noise in air over noise in object" "Dietrich et al., J Magn Reson Imaging 2007;26:375, noise from the background"
* #AIQA-Q-NSPREAD "Slices, spread of noise" "Sairanen et al., NeuroImage 2018;181:331, slices that lost signal"
* #AIQA-Q-NYQPHA "Half-field ghost along phase encoding" "Reeder et al., Magn Reson Med 1999;41:87, Nyquist ghost of echo-planar imaging"
* #AIQA-Q-NYQREAD "Half-field ghost along read-out" "Reeder et al., Magn Reson Med 1999;41:87, Nyquist ghost of echo-planar imaging"
* #AIQA-Q-OBJCV "Object, variation of signal" "first-order statistics of the foreground, as in MRIQC (Esteban et al., PLOS ONE 2017;12:e0184661)"
* #AIQA-Q-OBJKURT "Object, kurtosis of signal" "first-order statistics of the foreground, as in MRIQC (Esteban et al., PLOS ONE 2017;12:e0184661)"
* #AIQA-Q-OBJSKEW "Object, skewness of signal" "first-order statistics of the foreground, as in MRIQC (Esteban et al., PLOS ONE 2017;12:e0184661)"
* #AIQA-Q-ODDEVEN "Odd against even slices" "Heiland, Clin Neuroradiol 2008;18:25, cross-talk of neighbouring slices"
* #AIQA-Q-PERPHA "k-space lines, periodicity along phase" "Wood and Henkelman, Med Phys 1985;12:143, modulation of k-space lines"
* #AIQA-Q-PERREAD "k-space lines, periodicity along read-out" "Wood and Henkelman, Med Phys 1985;12:143, modulation of k-space lines"
* #AIQA-Q-PILEUP "Piled-up signal" "Hargreaves et al., AJR 2011;197:547, signal voids and pile-up"
* #AIQA-Q-REPPHA "Repeated edges along phase encoding" "Wood and Henkelman, Med Phys 1985;12:143, ghosts along phase encoding"
* #AIQA-Q-REPREAD "Repeated edges along read-out" "Wood and Henkelman, Med Phys 1985;12:143, ghosts along phase encoding"
* #AIQA-Q-RIM "Rim of the object, brightness" "Delfaut et al., RadioGraphics 1999;19:373, uneven fat suppression"
* #AIQA-Q-RIMPHA "Rim of the object, sides apart, phase" "Delfaut et al., RadioGraphics 1999;19:373, uneven fat suppression"
* #AIQA-Q-RIMREAD "Rim of the object, sides apart, read-out" "Delfaut et al., RadioGraphics 1999;19:373, uneven fat suppression"
* #AIQA-Q-RINGPHA "Ringing along phase encoding" "Wood and Henkelman, Magn Reson Med 1985;2:517, truncation of k-space"
* #AIQA-Q-RINGREAD "Ringing along read-out" "Wood and Henkelman, Magn Reson Med 1985;2:517, truncation of k-space"
* #AIQA-Q-SHADING "Shading of the object" "Sled et al., IEEE Trans Med Imaging 1998;17:87, smooth multiplicative field"
* #AIQA-Q-SHARP "Sharpness of edges" "Krotkov, Int J Comput Vis 1988;1:223, Tenenbaum's gradient criterion"
* #AIQA-Q-SIDESPHA "Sides apart along phase encoding" "Sled et al., IEEE Trans Med Imaging 1998;17:87, smooth multiplicative field"
* #AIQA-Q-SIDESREAD "Sides apart along read-out" "Sled et al., IEEE Trans Med Imaging 1998;17:87, smooth multiplicative field"
* #AIQA-Q-SKEWPHA "Dark and bright edges, phase" "Hood et al., RadioGraphics 1999;19:357, chemical shift along the read-out"
* #AIQA-Q-SKEWREAD "Dark and bright edges, read-out" "Hood et al., RadioGraphics 1999;19:357, chemical shift along the read-out"
* #AIQA-Q-SLBLANK "Slices that are blank" "Sairanen et al., NeuroImage 2018;181:331, slices that lost signal"
* #AIQA-Q-SLLIKE "Slices, least likeness" "Sairanen et al., NeuroImage 2018;181:331, slices that lost signal"
* #AIQA-Q-SLLOSS "Signal that one slice lost" "Sairanen et al., NeuroImage 2018;181:331, slices that lost signal"
* #AIQA-Q-SLOPE "Slope of the power spectrum" "Field, J Opt Soc Am A 1987;4:2379, power spectra of natural images"
* #AIQA-Q-SLOUT "Slices, largest outlier" "Sairanen et al., NeuroImage 2018;181:331, slices that lost signal"
* #AIQA-Q-SLSHIFT "Slices, largest shift in mm" "Sairanen et al., NeuroImage 2018;181:331, slices that lost signal"
* #AIQA-Q-SLSPREAD "Slices, spread of gain" "Sairanen et al., NeuroImage 2018;181:331, slices that lost signal"
* #AIQA-Q-SNRAIR "Signal-to-noise ratio, from air" "Dietrich et al., J Magn Reson Imaging 2007;26:375, noise from the background"
* #AIQA-Q-SNRHAAR "Signal-to-noise ratio, in object" "Donoho and Johnstone, Biometrika 1994;81:425, median of the finest wavelet detail"
* #AIQA-Q-SPKCOUNT "k-space, outlying points" "Heiland, Clin Neuroradiol 2008;18:25, spikes: isolated points of k-space"
* #AIQA-Q-SPKPEAK "k-space, highest point" "Heiland, Clin Neuroradiol 2008;18:25, spikes: isolated points of k-space"
* #AIQA-Q-SPKPOWER "k-space, power of outlying points" "Heiland, Clin Neuroradiol 2008;18:25, spikes: isolated points of k-space"
* #AIQA-Q-SPKRING "k-space, highest point of its ring" "Heiland, Clin Neuroradiol 2008;18:25, spikes: isolated points of k-space"
* #AIQA-Q-STEPPHA "k-space, step along phase encoding" "Wood and Henkelman, Magn Reson Med 1985;2:517, truncation of k-space"
* #AIQA-Q-STEPRAD "k-space, step along the radius" "Wood and Henkelman, Magn Reson Med 1985;2:517, truncation of k-space"
* #AIQA-Q-STEPREAD "k-space, step along read-out" "Wood and Henkelman, Magn Reson Med 1985;2:517, truncation of k-space"
* #AIQA-Q-VOIDFRAC "Voids in the object" "Hargreaves et al., AJR 2011;197:547, signal voids and pile-up"
* #AIQA-Q-VOIDMAX "Largest void in the object" "Hargreaves et al., AJR 2011;197:547, signal voids and pile-up"
* #AIQA-R-ATTRIB "The images lack an attribute that is needed" "A DICOM attribute is absent"
* #AIQA-R-BGSMALL "Too little background in the image" "Too little air around the object"
* #AIQA-R-BGZERO "The background was set to zero" "The scanner wrote zeros where noise and ghosts would be"
* #AIQA-R-FAILED "The analysis failed" "The analysis ended with an error of its own"
* #AIQA-R-FEATURE "The feature to measure was not found" "What the metric measures was not found in the slice"
* #AIQA-R-IMPLAUS "The value found is not plausible" "A value was found, but it cannot be right"
* #AIQA-R-ORIENT "The slices have the wrong orientation" "The slices are not in the plane that the metric needs"
* #AIQA-R-OUTSIDE "The region to measure leaves the image" "The region lies partly outside the image"
* #AIQA-R-POSE "The position of the test object is uncertain" "Where the object lies is not certain enough"
* #AIQA-R-SIGNAL "Too little signal" "The signal is too low to tell a value"
* #AIQA-R-SLICE "The slice to measure is missing" "The series has no slice where the metric is measured"
* #AIQA-REFUSED "Why nothing was measured" "Why a series has no values"
* #AIQA-REMARK "Remark" "One finding in words"
* #AIQA-REMARKS "Remarks on set-up and images" "Findings; they have no part in the verdict"
* #AIQA-REVISION "Revision of this result" "Number of the result among those of the same series, from 1"
* #AIQA-ROD-CB "Rod distance, right column" "Distance of the outer marks of this row or column"
* #AIQA-ROD-CM "Rod distance, middle column" "Distance of the outer marks of this row or column"
* #AIQA-ROD-CT "Rod distance, left column" "Distance of the outer marks of this row or column"
* #AIQA-ROD-RB "Rod distance, bottom row" "Distance of the outer marks of this row or column"
* #AIQA-ROD-RM "Rod distance, middle row" "Distance of the outer marks of this row or column"
* #AIQA-ROD-RT "Rod distance, top row" "Distance of the outer marks of this row or column"
* #AIQA-ROI-AREA "Measured area" "Pixels that a value was measured on"
* #AIQA-ROI-LINE "Measured line" "Line that a value was measured along"
* #AIQA-RPT "AI Image Quality Report" "Result of one automatic image quality analysis of one series, for a person to read"
* #AIQA-RPT-SERIES "AI Image Quality Values of the Series" "Values, missing values and findings of one analysis that have no place on an image"
* #AIQA-RULE "Routing rule" "The rule that chose the analysis"
* #AIQA-SEV-0 "Only mentioned" "It matters to no use of the images"
* #AIQA-SEV-1 "Slight" "It is seen and disturbs little"
* #AIQA-SEV-2 "Clear" "It disturbs"
* #AIQA-SEV-3 "Severe" "The images may be of no use because of it"
* #AIQA-SEVERITY "Severity of the finding" "How much the finding matters"
* #AIQA-SIM "Simulated data" "The images were made by a simulator"
* #AIQA-SOFTWARE "Software" "Version of AIQA"
* #AIQA-SPOS-S1 "Slice position error, bar length difference, slice 1" "Right bar minus left bar of the crossed wedges"
* #AIQA-SPOS-S11 "Slice position error, bar length difference, slice 11" "Right bar minus left bar of the crossed wedges"
* #AIQA-SUBJECT "What was examined" "Test object or patient images and the device that made them"
* #AIQA-TX-GAIN "Transmitter gain, vendor's scale" "Transmitter gain that the scanner set, on the vendor's scale"
* #AIQA-USE "Intended use" "What the result may be used for"
* #AIQA-V-ACTION "Outside action limits" "Outside the action limits"
* #AIQA-V-NA "Measured, not judged: no limits apply" "A value for which there are no limits"
* #AIQA-V-NM "Not measured" "No value, for a reason of its own"
* #AIQA-V-PASS "Within tolerance" "Inside the tolerance limits"
* #AIQA-V-TOL "Outside tolerance, inside action limits" "Outside the tolerance limits, inside the action limits"
* #AIQA-VERDICT "Verdict" "How a value stands to its tolerance and action limits"

ValueSet: MrArtifactValues
Id: mr-artifact
Title: "MR imaging artifacts"
Description: "PS3.16 CID 6316."
* insert OwnValues
* $RADLEX#RID11370 "Ferromagnetic implant magnetic susceptibility effect"
* $RADLEX#RID11372 "Tissue magnetic susceptibility effect"
* $RADLEX#RID11374 "Chemical shift artifact"
* $RADLEX#RID11395 "Phase wraparound artifact"
* $RADLEX#RID11408 "Non-uniform signal intensity artifact"
* $RADLEX#RID11423 "Motion related artifact"
* $RADLEX#RID11424 "Smearing"
* $RADLEX#RID11426 "Ghost"
* $RADLEX#RID11464 "Parallel imaging artifact"

ValueSet: MrSeriesFindingValues
Id: mr-series-finding
Title: "MR series quality findings"
Description: "PS3.16 CID 6315."
* insert OwnValues
* $DCM#130576 "Anatomy coverage incomplete"
* $DCM#130577 "Poor FOV selection"
* $DCM#130578 "Poor SNR"
* $DCM#130579 "Poor contrast timing"
* $DCM#130580 "Inadequate contrast enhancement"
* $DCM#130581 "Subtraction image missing"
* $DCM#130582 "Unwanted subtraction images"
* $DCM#130583 "Expected b-value is missing"
* $DCM#130584 "Severe distortion in the area of interest"
* $DCM#130585 "Expected ADC map is missing"
* $DCM#130586 "Distortion artifact in the area of interest"
* $RADLEX#RID11370 "Ferromagnetic implant magnetic susceptibility effect"
* $RADLEX#RID11372 "Tissue magnetic susceptibility effect"
* $RADLEX#RID11374 "Chemical shift artifact"
* $RADLEX#RID11395 "Phase wraparound artifact"
* $RADLEX#RID11408 "Non-uniform signal intensity artifact"
* $RADLEX#RID11423 "Motion related artifact"
* $RADLEX#RID11424 "Smearing"
* $RADLEX#RID11426 "Ghost"
* $RADLEX#RID11464 "Parallel imaging artifact"

ValueSet: ImageQualityFindingValues
Id: image-quality-finding
Title: "Image quality findings"
Description: "PS3.16 CID 6135."
* insert OwnValues
* $DCM#111208 "Grid artifact(s)"
* $DCM#111209 "Positioning"
* $DCM#111210 "Motion blur"
* $DCM#111211 "Under exposed"
* $DCM#111212 "Over exposed"
* $DCM#111213 "No image"
* $DCM#111214 "Detector artifact(s)"
* $DCM#111215 "Artifact(s) other than grid or detector artifact"
* $DCM#111216 "Mechanical failure"
* $DCM#111217 "Electrical failure"
* $DCM#111218 "Software failure"
* $DCM#111219 "Inappropriate image processing"
* $DCM#111220 "Other failure"
* $DCM#111221 "Unknown failure"
* $RADLEX#RID11327 "Beam-hardening artifact"

ValueSet: MammographyTechnicalValues
Id: mammo-technical
Title: "Mammography image quality findings"
Description: "PS3.16 CID 6041."
* insert OwnValues
* $DCM#111177 "View and Laterality Marker is missing"
* $DCM#111178 "View and Laterality Marker does not have both view and laterality"
* $DCM#111179 "View and Laterality Marker does not have approved codes"
* $DCM#111180 "View and Laterality Marker is not near the axilla"
* $DCM#111181 "View and Laterality Marker overlaps breast tissue"
* $DCM#111182 "View and Laterality Marker is partially obscured"
* $DCM#111183 "View and Laterality Marker is incorrect"
* $DCM#111184 "View and Laterality Marker is off image"
* $DCM#111185 "Flash is not near edge of film"
* $DCM#111186 "Flash is illegible, does not fit, or is lopsided"
* $DCM#111187 "Flash doesn't include patient name and additional patient id"
* $DCM#111188 "Flash doesn't include date of examination"
* $DCM#111189 "Flash doesn't include facility name and location"
* $DCM#111190 "Flash doesn't include technologist identification"
* $DCM#111191 "Flash doesn't include cassette/screen/detector identification"
* $DCM#111192 "Flash doesn't include mammography unit identification"
* $DCM#111193 "Date sticker is missing"
* $DCM#111194 "Technical factors missing"
* $DCM#111195 "Collimation too close to breast"
* $DCM#111196 "Inadequate compression"
* $DCM#111197 "MLO Insufficient pectoral muscle"
* $DCM#111198 "MLO No fat is visualized posterior to fibroglandular tissues"
* $DCM#111199 "MLO Poor separation of deep and superficial breast tissues"
* $DCM#111200 "MLO Evidence of motion blur"
* $DCM#111201 "MLO Inframammary fold is not open"
* $DCM#111202 "CC Not all medial tissue visualized"
* $DCM#111203 "CC Nipple not centered on image"
* $DCM#111204 "CC Posterior nipple line does not measure within 1 cm of MLO"
* $DCM#111205 "Nipple not in profile"
* $DCM#111206 "Insufficient implant displacement incorrect"
* $DCM#111208 "Grid artifact(s)"
* $DCM#111209 "Positioning"
* $DCM#111210 "Motion blur"
* $DCM#111211 "Under exposed"
* $DCM#111212 "Over exposed"
* $DCM#111213 "No image"
* $DCM#111214 "Detector artifact(s)"
* $DCM#111215 "Artifact(s) other than grid or detector artifact"
* $DCM#111216 "Mechanical failure"
* $DCM#111217 "Electrical failure"
* $DCM#111218 "Software failure"
* $DCM#111219 "Inappropriate image processing"
* $DCM#111220 "Other failure"
* $DCM#111221 "Unknown failure"

ValueSet: RejectionValues
Id: rejection-reason
Title: "Reasons for rejecting an image"
Description: "PS3.16 CID 7011."
* insert OwnValues
* $DCM#111207 "Image artifact(s)"
* $DCM#111208 "Grid artifact(s)"
* $DCM#111209 "Positioning"
* $DCM#111210 "Motion blur"
* $DCM#111211 "Under exposed"
* $DCM#111212 "Over exposed"
* $DCM#111213 "No image"
* $DCM#111214 "Detector artifact(s)"
* $DCM#111215 "Artifact(s) other than grid or detector artifact"
* $DCM#111216 "Mechanical failure"
* $DCM#111217 "Electrical failure"
* $DCM#111218 "Software failure"
* $DCM#111219 "Inappropriate image processing"
* $DCM#111220 "Other failure"
* $DCM#111221 "Unknown failure"
* $DCM#113026 "Double exposure"

ValueSet: ImageQualityRatingValues
Id: image-quality-rating
Title: "Rating of image quality"
Description: "PS3.16 CID 7036."
* insert OwnValues
* $RADLEX#RID12 "Diagnostic quality"
* $RADLEX#RID13 "Limited quality"
* $RADLEX#RID14 "Non-diagnostic quality"

ValueSet: RepeatAcquisitionValues
Id: repeat-acquisition
Title: "Reasons for repeating an acquisition"
Description: "PS3.16 CID 10034."
* insert OwnValues
* $DCM#128553 "Patient motion"
* $DCM#128554 "Suboptimal contrast timing"

ValueSet: PhantomTypeValues
Id: phantom-type
Title: "Kinds of phantom"
Description: "PS3.16 CID 4052."
* insert OwnValues
* $DCM#113682 "ACR Accreditation Phantom - CT"
* $DCM#113683 "ACR Accreditation Phantom - MR"
* $DCM#113684 "ACR Accreditation Phantom - Mammography"
* $DCM#113685 "ACR Accreditation Phantom - Stereotactic Breast Biopsy"
* $DCM#113686 "ACR Accreditation Phantom - ECT"
* $DCM#113687 "ACR Accreditation Phantom - PET"
* $DCM#113688 "ACR Accreditation Phantom - ECT/PET"
* $DCM#113689 "ACR Accreditation Phantom - PET Faceplate"
* $DCM#113690 "IEC Head Dosimetry Phantom"
* $DCM#113691 "IEC Body Dosimetry Phantom"
* $DCM#113692 "NEMA XR21-2000 Phantom"
* $DCM#130541 "10 cm Dosimetry Phantom"
* $SCT#706342009 "Phantom"

CodeSystem: DicomFragment
Id: dcm-fragment
Title: "DICOM codes of this guide"
Description: "Concepts of PS3.16 annex D that this guide uses; the CodeSystem of R4 core lacks the newer ones."
* ^status = #draft
* ^experimental = false
* ^caseSensitive = true
* ^content = #fragment
* ^url = "http://dicom.nema.org/resources/ontology/DCM"
* ^copyright = "DICOM standard, NEMA"
* #110152 "Destination Role ID"
* #110153 "Source Role ID"
* #110180 "Study Instance UID"
* #111012 "Certainty of Finding"
* #111050 "Quality Assessment"
* #111052 "Quality Finding"
* #111177 "View and Laterality Marker is missing"
* #111178 "View and Laterality Marker does not have both view and laterality"
* #111179 "View and Laterality Marker does not have approved codes"
* #111180 "View and Laterality Marker is not near the axilla"
* #111181 "View and Laterality Marker overlaps breast tissue"
* #111182 "View and Laterality Marker is partially obscured"
* #111183 "View and Laterality Marker is incorrect"
* #111184 "View and Laterality Marker is off image"
* #111185 "Flash is not near edge of film"
* #111186 "Flash is illegible, does not fit, or is lopsided"
* #111187 "Flash doesn't include patient name and additional patient id"
* #111188 "Flash doesn't include date of examination"
* #111189 "Flash doesn't include facility name and location"
* #111190 "Flash doesn't include technologist identification"
* #111191 "Flash doesn't include cassette/screen/detector identification"
* #111192 "Flash doesn't include mammography unit identification"
* #111193 "Date sticker is missing"
* #111194 "Technical factors missing"
* #111195 "Collimation too close to breast"
* #111196 "Inadequate compression"
* #111197 "MLO Insufficient pectoral muscle"
* #111198 "MLO No fat is visualized posterior to fibroglandular tissues"
* #111199 "MLO Poor separation of deep and superficial breast tissues"
* #111200 "MLO Evidence of motion blur"
* #111201 "MLO Inframammary fold is not open"
* #111202 "CC Not all medial tissue visualized"
* #111203 "CC Nipple not centered on image"
* #111204 "CC Posterior nipple line does not measure within 1 cm of MLO"
* #111205 "Nipple not in profile"
* #111206 "Insufficient implant displacement incorrect"
* #111207 "Image artifact(s)"
* #111208 "Grid artifact(s)"
* #111209 "Positioning"
* #111210 "Motion blur"
* #111211 "Under exposed"
* #111212 "Over exposed"
* #111213 "No image"
* #111214 "Detector artifact(s)"
* #111215 "Artifact(s) other than grid or detector artifact"
* #111216 "Mechanical failure"
* #111217 "Electrical failure"
* #111218 "Software failure"
* #111219 "Inappropriate image processing"
* #111220 "Other failure"
* #111221 "Unknown failure"
* #111235 "Unusable - Quality renders image unusable"
* #111236 "Usable - Does not meet the quality control standard"
* #111237 "Usable - Meets the quality control standard"
* #111240 "Institutionally defined quality control standard"
* #111631 "Average Glandular Dose"
* #111787 "Signal to Noise Ratio"
* #112002 "Series Instance UID"
* #112225 "Slice Thickness"
* #113014 "Study"
* #113026 "Double exposure"
* #113680 "Quality Control Intent"
* #113682 "ACR Accreditation Phantom - CT"
* #113683 "ACR Accreditation Phantom - MR"
* #113684 "ACR Accreditation Phantom - Mammography"
* #113685 "ACR Accreditation Phantom - Stereotactic Breast Biopsy"
* #113686 "ACR Accreditation Phantom - ECT"
* #113687 "ACR Accreditation Phantom - PET"
* #113688 "ACR Accreditation Phantom - ECT/PET"
* #113689 "ACR Accreditation Phantom - PET Faceplate"
* #113690 "IEC Head Dosimetry Phantom"
* #113691 "IEC Body Dosimetry Phantom"
* #113692 "NEMA XR21-2000 Phantom"
* #113830 "Mean CTDIvol"
* #121012 "Device Observer UID"
* #123110 "Artificial Intelligence"
* #126000 "Imaging Measurement Report"
* #128551 "Is Repeated Acquisition"
* #128552 "Reason for Repeating Acquisition"
* #128553 "Patient motion"
* #128554 "Suboptimal contrast timing"
* #130541 "10 cm Dosimetry Phantom"
* #130549 "Imaging Study Quality"
* #130550 "Imaging Series Quality"
* #130576 "Anatomy coverage incomplete"
* #130577 "Poor FOV selection"
* #130578 "Poor SNR"
* #130579 "Poor contrast timing"
* #130580 "Inadequate contrast enhancement"
* #130581 "Subtraction image missing"
* #130582 "Unwanted subtraction images"
* #130583 "Expected b-value is missing"
* #130584 "Severe distortion in the area of interest"
* #130585 "Expected ADC map is missing"
* #130586 "Distortion artifact in the area of interest"

ValueSet: QaUnitValues
Id: qa-units
Title: "Units"
Description: "UCUM codes of AIQA's quantities."
* insert OwnValues
* $UCUM#%
* $UCUM#1
* $UCUM#MHz
* $UCUM#T
* $UCUM#[hnsf'U]
* $UCUM#deg
* $UCUM#mGy
* $UCUM#mGy.cm
* $UCUM#mm
* $UCUM#mm2
* $UCUM#ms
* $UCUM#{lp}/cm
* $UCUM#{score}
* $UCUM#{spokes}

Instance: acr-mri-large-2022
InstanceOf: AiqaLimitSet
Usage: #definition
Title: "ACR large MRI phantom, 2022 guidance"
Description: "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022"
* url = "https://w3id.org/aiqa/fhir/PlanDefinition/acr-mri-large-2022"
* version = "626f7d18859c"
* name = "AcrMriLarge2022"
* title = "ACR large MRI phantom, 2022 guidance"
* status = #active
* description = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022"
* effectivePeriod.start = "2022-10-01"
* relatedArtifact.type = #derived-from
* relatedArtifact.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022"
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Length, horizontal, slice 5: limit 187–193 mm"
* goal[=].target.measure = $QaMetric#mr-length-horizontal-slice5 "Length, horizontal, slice 5"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 1, geometric accuracy: 190 mm ± 3 mm"
* goal[=].target.detailRange.low.value = 187
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 193
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Length, vertical, slice 5: limit 187–193 mm"
* goal[=].target.measure = $QaMetric#mr-length-vertical-slice5 "Length, vertical, slice 5"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 1, geometric accuracy: 190 mm ± 3 mm"
* goal[=].target.detailRange.low.value = 187
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 193
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Length, diagonal, upper left to lower right, slice 5: limit 187–193 mm"
* goal[=].target.measure = $QaMetric#mr-length-diagonal-45-slice5 "Length, diagonal, upper left to lower right, slice 5"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 1, geometric accuracy: 190 mm ± 3 mm"
* goal[=].target.detailRange.low.value = 187
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 193
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Length, diagonal, upper right to lower left, slice 5: limit 187–193 mm"
* goal[=].target.measure = $QaMetric#mr-length-diagonal-135-slice5 "Length, diagonal, upper right to lower left, slice 5"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 1, geometric accuracy: 190 mm ± 3 mm"
* goal[=].target.detailRange.low.value = 187
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 193
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Length, horizontal, slice 1: limit 187–193 mm"
* goal[=].target.measure = $QaMetric#mr-length-horizontal-slice1 "Length, horizontal, slice 1"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 1, geometric accuracy: 190 mm ± 3 mm"
* goal[=].target.detailRange.low.value = 187
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 193
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Length, vertical, slice 1: limit 187–193 mm"
* goal[=].target.measure = $QaMetric#mr-length-vertical-slice1 "Length, vertical, slice 1"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 1, geometric accuracy: 190 mm ± 3 mm"
* goal[=].target.detailRange.low.value = 187
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 193
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "High-contrast resolution, upper left arrays: limit ≤ 1 mm"
* goal[=].target.measure = $QaMetric#mr-high-contrast-resolution-ul "High-contrast resolution, upper left arrays"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 2, high-contrast spatial resolution: 1.0 mm or better in both directions"
* goal[=].target.detailRange.high.value = 1
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "High-contrast resolution, lower right arrays: limit ≤ 1 mm"
* goal[=].target.measure = $QaMetric#mr-high-contrast-resolution-lr "High-contrast resolution, lower right arrays"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 2, high-contrast spatial resolution: 1.0 mm or better in both directions"
* goal[=].target.detailRange.high.value = 1
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Length, superior to inferior, localizer: limit 145–151 mm"
* goal[=].target.measure = $QaMetric#mr-length-superior-inferior "Length, superior to inferior, localizer"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 1, geometric accuracy: 148 mm ± 3 mm"
* goal[=].target.detailRange.low.value = 145
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 151
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Slice thickness: limit 4.25–5.75 mm; nominal slice thickness from 4.95 to below 5.05 mm"
* goal[=].target.measure = $QaMetric#mr-slice-thickness "Slice thickness"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 3, slice thickness accuracy: 5.0 mm ± 0.75 mm for a nominal 5 mm"
* goal[=].target.detailRange.low.value = 4.25
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 5.75
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Slice position error, slice 1: limit -5 to 5 mm"
* goal[=].target.measure = $QaMetric#mr-slice-position-error-slice1 "Slice position error, slice 1"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 4, slice position accuracy: bar length difference of at most 5 mm either way"
* goal[=].target.detailRange.low.value = -5
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 5
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Slice position error, slice 11: limit -5 to 5 mm"
* goal[=].target.measure = $QaMetric#mr-slice-position-error-slice11 "Slice position error, slice 11"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 4, slice position accuracy: bar length difference of at most 5 mm either way"
* goal[=].target.detailRange.low.value = -5
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 5
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Percent image uniformity: limit ≥ 85 %; field strength from 0.1 to below 2.5 T"
* goal[=].target.measure = $QaMetric#mr-percent-image-uniformity "Percent image uniformity"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 5, image intensity uniformity: at least 85 % below 3 T"
* goal[=].target.detailRange.low.value = 85
* goal[=].target.detailRange.low.unit = "%"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #%
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Percent image uniformity: limit ≥ 80 %; field strength from 2.5 to below 3.5 T"
* goal[=].target.measure = $QaMetric#mr-percent-image-uniformity "Percent image uniformity"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 5, image intensity uniformity: at least 80 % at 3 T"
* goal[=].target.detailRange.low.value = 80
* goal[=].target.detailRange.low.unit = "%"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #%
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Percent signal ghosting: limit ≤ 3 %"
* goal[=].target.measure = $QaMetric#mr-percent-signal-ghosting "Percent signal ghosting"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 6, percent-signal ghosting: at most 3.0 %"
* goal[=].target.detailRange.high.value = 3
* goal[=].target.detailRange.high.unit = "%"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #%
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Low-contrast spokes seen, slices 8 to 11: limit ≥ 37 spokes; field strength from 2.5 to below 3.5 T, repetition time from 450 to below 550 ms, echo time from 15 to below 25 ms"
* goal[=].target.measure = $QaMetric#mr-low-contrast-spokes "Low-contrast spokes seen, slices 8 to 11"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 7, low-contrast object detectability: at least 37 spokes at 3 T, ACR T1 series"
* goal[=].target.detailRange.low.value = 37
* goal[=].target.detailRange.low.unit = "spokes"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #{spokes}
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Low-contrast spokes seen, slices 8 to 11: limit ≥ 37 spokes; field strength from 2.5 to below 3.5 T, repetition time from 1800 to below 2200 ms, echo time from 70 to below 90 ms"
* goal[=].target.measure = $QaMetric#mr-low-contrast-spokes "Low-contrast spokes seen, slices 8 to 11"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 7, low-contrast object detectability: at least 37 spokes at 3 T, ACR T2 series"
* goal[=].target.detailRange.low.value = 37
* goal[=].target.detailRange.low.unit = "spokes"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #{spokes}
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Low-contrast spokes seen, slices 8 to 11: limit ≥ 30 spokes; field strength from 1.4 to below 2.5 T, repetition time from 450 to below 550 ms, echo time from 15 to below 25 ms"
* goal[=].target.measure = $QaMetric#mr-low-contrast-spokes "Low-contrast spokes seen, slices 8 to 11"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 7, low-contrast object detectability: at least 30 spokes from 1.5 T to below 3 T, ACR T1 series"
* goal[=].target.detailRange.low.value = 30
* goal[=].target.detailRange.low.unit = "spokes"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #{spokes}
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Low-contrast spokes seen, slices 8 to 11: limit ≥ 25 spokes; field strength from 1.4 to below 2.5 T, repetition time from 1800 to below 2200 ms, echo time from 70 to below 90 ms"
* goal[=].target.measure = $QaMetric#mr-low-contrast-spokes "Low-contrast spokes seen, slices 8 to 11"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 7, low-contrast object detectability: at least 25 spokes from 1.5 T to below 3 T, ACR T2 series"
* goal[=].target.detailRange.low.value = 25
* goal[=].target.detailRange.low.unit = "spokes"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #{spokes}

Instance: acr-mri-large-strict
InstanceOf: AiqaLimitSet
Usage: #definition
Title: "ACR large MRI phantom, earlier stricter criteria as tolerance"
Description: "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, and J Appl Clin Med Phys 23(8):e13730, October 2022 (action), July 2022 (tolerance)"
* url = "https://w3id.org/aiqa/fhir/PlanDefinition/acr-mri-large-strict"
* version = "b3008e60070a"
* name = "AcrMriLargeStrict"
* title = "ACR large MRI phantom, earlier stricter criteria as tolerance"
* status = #active
* description = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, and J Appl Clin Med Phys 23(8):e13730, October 2022 (action), July 2022 (tolerance)"
* effectivePeriod.start = "2022-07-18"
* relatedArtifact.type = #derived-from
* relatedArtifact.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, and J Appl Clin Med Phys 23(8):e13730, October 2022 (action), July 2022 (tolerance)"
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Length, horizontal, slice 5: tolerance 188–192 mm, action 187–193 mm"
* goal[=].target.measure = $QaMetric#mr-length-horizontal-slice5 "Length, horizontal, slice 5"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, and J Appl Clin Med Phys 23(8):e13730, October 2022 (action), July 2022 (tolerance), action: section 1, geometric accuracy, 190 mm ± 3 mm; tolerance: table 3, ± 2 mm"
* goal[=].target.detailRange.low.value = 187
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 193
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#warning-limit "Warning limit"
* goal[=].description.text = "Length, horizontal, slice 5: tolerance 188–192 mm, action 187–193 mm"
* goal[=].target.measure = $QaMetric#mr-length-horizontal-slice5 "Length, horizontal, slice 5"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, and J Appl Clin Med Phys 23(8):e13730, October 2022 (action), July 2022 (tolerance), action: section 1, geometric accuracy, 190 mm ± 3 mm; tolerance: table 3, ± 2 mm"
* goal[=].target.detailRange.low.value = 188
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 192
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Length, vertical, slice 5: tolerance 188–192 mm, action 187–193 mm"
* goal[=].target.measure = $QaMetric#mr-length-vertical-slice5 "Length, vertical, slice 5"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, and J Appl Clin Med Phys 23(8):e13730, October 2022 (action), July 2022 (tolerance), action: section 1, geometric accuracy, 190 mm ± 3 mm; tolerance: table 3, ± 2 mm"
* goal[=].target.detailRange.low.value = 187
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 193
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#warning-limit "Warning limit"
* goal[=].description.text = "Length, vertical, slice 5: tolerance 188–192 mm, action 187–193 mm"
* goal[=].target.measure = $QaMetric#mr-length-vertical-slice5 "Length, vertical, slice 5"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, and J Appl Clin Med Phys 23(8):e13730, October 2022 (action), July 2022 (tolerance), action: section 1, geometric accuracy, 190 mm ± 3 mm; tolerance: table 3, ± 2 mm"
* goal[=].target.detailRange.low.value = 188
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 192
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Length, diagonal, upper left to lower right, slice 5: tolerance 188–192 mm, action 187–193 mm"
* goal[=].target.measure = $QaMetric#mr-length-diagonal-45-slice5 "Length, diagonal, upper left to lower right, slice 5"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, and J Appl Clin Med Phys 23(8):e13730, October 2022 (action), July 2022 (tolerance), action: section 1, geometric accuracy, 190 mm ± 3 mm; tolerance: table 3, ± 2 mm"
* goal[=].target.detailRange.low.value = 187
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 193
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#warning-limit "Warning limit"
* goal[=].description.text = "Length, diagonal, upper left to lower right, slice 5: tolerance 188–192 mm, action 187–193 mm"
* goal[=].target.measure = $QaMetric#mr-length-diagonal-45-slice5 "Length, diagonal, upper left to lower right, slice 5"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, and J Appl Clin Med Phys 23(8):e13730, October 2022 (action), July 2022 (tolerance), action: section 1, geometric accuracy, 190 mm ± 3 mm; tolerance: table 3, ± 2 mm"
* goal[=].target.detailRange.low.value = 188
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 192
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Length, diagonal, upper right to lower left, slice 5: tolerance 188–192 mm, action 187–193 mm"
* goal[=].target.measure = $QaMetric#mr-length-diagonal-135-slice5 "Length, diagonal, upper right to lower left, slice 5"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, and J Appl Clin Med Phys 23(8):e13730, October 2022 (action), July 2022 (tolerance), action: section 1, geometric accuracy, 190 mm ± 3 mm; tolerance: table 3, ± 2 mm"
* goal[=].target.detailRange.low.value = 187
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 193
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#warning-limit "Warning limit"
* goal[=].description.text = "Length, diagonal, upper right to lower left, slice 5: tolerance 188–192 mm, action 187–193 mm"
* goal[=].target.measure = $QaMetric#mr-length-diagonal-135-slice5 "Length, diagonal, upper right to lower left, slice 5"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, and J Appl Clin Med Phys 23(8):e13730, October 2022 (action), July 2022 (tolerance), action: section 1, geometric accuracy, 190 mm ± 3 mm; tolerance: table 3, ± 2 mm"
* goal[=].target.detailRange.low.value = 188
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 192
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Length, horizontal, slice 1: tolerance 188–192 mm, action 187–193 mm"
* goal[=].target.measure = $QaMetric#mr-length-horizontal-slice1 "Length, horizontal, slice 1"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, and J Appl Clin Med Phys 23(8):e13730, October 2022 (action), July 2022 (tolerance), action: section 1, geometric accuracy, 190 mm ± 3 mm; tolerance: table 3, ± 2 mm"
* goal[=].target.detailRange.low.value = 187
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 193
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#warning-limit "Warning limit"
* goal[=].description.text = "Length, horizontal, slice 1: tolerance 188–192 mm, action 187–193 mm"
* goal[=].target.measure = $QaMetric#mr-length-horizontal-slice1 "Length, horizontal, slice 1"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, and J Appl Clin Med Phys 23(8):e13730, October 2022 (action), July 2022 (tolerance), action: section 1, geometric accuracy, 190 mm ± 3 mm; tolerance: table 3, ± 2 mm"
* goal[=].target.detailRange.low.value = 188
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 192
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Length, vertical, slice 1: tolerance 188–192 mm, action 187–193 mm"
* goal[=].target.measure = $QaMetric#mr-length-vertical-slice1 "Length, vertical, slice 1"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, and J Appl Clin Med Phys 23(8):e13730, October 2022 (action), July 2022 (tolerance), action: section 1, geometric accuracy, 190 mm ± 3 mm; tolerance: table 3, ± 2 mm"
* goal[=].target.detailRange.low.value = 187
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 193
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#warning-limit "Warning limit"
* goal[=].description.text = "Length, vertical, slice 1: tolerance 188–192 mm, action 187–193 mm"
* goal[=].target.measure = $QaMetric#mr-length-vertical-slice1 "Length, vertical, slice 1"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, and J Appl Clin Med Phys 23(8):e13730, October 2022 (action), July 2022 (tolerance), action: section 1, geometric accuracy, 190 mm ± 3 mm; tolerance: table 3, ± 2 mm"
* goal[=].target.detailRange.low.value = 188
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 192
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Percent image uniformity: tolerance ≥ 87.5 %, action ≥ 85 %; field strength from 0.1 to below 2.5 T"
* goal[=].target.measure = $QaMetric#mr-percent-image-uniformity "Percent image uniformity"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, and J Appl Clin Med Phys 23(8):e13730, October 2022 (action), July 2022 (tolerance), action: section 5, image intensity uniformity, 85 % below 3 T; tolerance: table 3, 87.5 % at 1.5 T"
* goal[=].target.detailRange.low.value = 85
* goal[=].target.detailRange.low.unit = "%"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #%
* goal[+].category = $QaRangeType#warning-limit "Warning limit"
* goal[=].description.text = "Percent image uniformity: tolerance ≥ 87.5 %, action ≥ 85 %; field strength from 0.1 to below 2.5 T"
* goal[=].target.measure = $QaMetric#mr-percent-image-uniformity "Percent image uniformity"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, and J Appl Clin Med Phys 23(8):e13730, October 2022 (action), July 2022 (tolerance), action: section 5, image intensity uniformity, 85 % below 3 T; tolerance: table 3, 87.5 % at 1.5 T"
* goal[=].target.detailRange.low.value = 87.5
* goal[=].target.detailRange.low.unit = "%"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #%
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Percent image uniformity: tolerance ≥ 82 %, action ≥ 80 %; field strength from 2.5 to below 3.5 T"
* goal[=].target.measure = $QaMetric#mr-percent-image-uniformity "Percent image uniformity"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, and J Appl Clin Med Phys 23(8):e13730, October 2022 (action), July 2022 (tolerance), action: section 5, image intensity uniformity, 80 % at 3 T; tolerance: table 3, 82 % at 3 T"
* goal[=].target.detailRange.low.value = 80
* goal[=].target.detailRange.low.unit = "%"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #%
* goal[+].category = $QaRangeType#warning-limit "Warning limit"
* goal[=].description.text = "Percent image uniformity: tolerance ≥ 82 %, action ≥ 80 %; field strength from 2.5 to below 3.5 T"
* goal[=].target.measure = $QaMetric#mr-percent-image-uniformity "Percent image uniformity"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, and J Appl Clin Med Phys 23(8):e13730, October 2022 (action), July 2022 (tolerance), action: section 5, image intensity uniformity, 80 % at 3 T; tolerance: table 3, 82 % at 3 T"
* goal[=].target.detailRange.low.value = 82
* goal[=].target.detailRange.low.unit = "%"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #%
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Percent signal ghosting: tolerance ≤ 2.5 %, action ≤ 3 %"
* goal[=].target.measure = $QaMetric#mr-percent-signal-ghosting "Percent signal ghosting"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, and J Appl Clin Med Phys 23(8):e13730, October 2022 (action), July 2022 (tolerance), action: section 6, percent-signal ghosting, 3.0 %; tolerance: table 3, 2.5 %"
* goal[=].target.detailRange.high.value = 3
* goal[=].target.detailRange.high.unit = "%"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #%
* goal[+].category = $QaRangeType#warning-limit "Warning limit"
* goal[=].description.text = "Percent signal ghosting: tolerance ≤ 2.5 %, action ≤ 3 %"
* goal[=].target.measure = $QaMetric#mr-percent-signal-ghosting "Percent signal ghosting"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, and J Appl Clin Med Phys 23(8):e13730, October 2022 (action), July 2022 (tolerance), action: section 6, percent-signal ghosting, 3.0 %; tolerance: table 3, 2.5 %"
* goal[=].target.detailRange.high.value = 2.5
* goal[=].target.detailRange.high.unit = "%"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #%
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Slice thickness: limit 4.25–5.75 mm; nominal slice thickness from 4.95 to below 5.05 mm"
* goal[=].target.measure = $QaMetric#mr-slice-thickness "Slice thickness"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, and J Appl Clin Med Phys 23(8):e13730, October 2022 (action), July 2022 (tolerance), action: section 3, slice thickness accuracy, 5.0 mm ± 0.75 mm for a nominal 5 mm; table 3 has no tolerance"
* goal[=].target.detailRange.low.value = 4.25
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 5.75
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm

Instance: acr-mri-medium-2022
InstanceOf: AiqaLimitSet
Usage: #definition
Title: "ACR medium MRI phantom, 2022 guidance"
Description: "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022"
* url = "https://w3id.org/aiqa/fhir/PlanDefinition/acr-mri-medium-2022"
* version = "e6fa6f2c86e1"
* name = "AcrMriMedium2022"
* title = "ACR medium MRI phantom, 2022 guidance"
* status = #active
* description = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022"
* effectivePeriod.start = "2022-10-01"
* relatedArtifact.type = #derived-from
* relatedArtifact.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022"
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Length, horizontal, slice 5: limit 163–167 mm"
* goal[=].target.measure = $QaMetric#mr-length-horizontal-slice5 "Length, horizontal, slice 5"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 1, geometric accuracy: 165 mm ± 2 mm"
* goal[=].target.detailRange.low.value = 163
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 167
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Length, vertical, slice 5: limit 163–167 mm"
* goal[=].target.measure = $QaMetric#mr-length-vertical-slice5 "Length, vertical, slice 5"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 1, geometric accuracy: 165 mm ± 2 mm"
* goal[=].target.detailRange.low.value = 163
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 167
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Length, diagonal, upper left to lower right, slice 5: limit 163–167 mm"
* goal[=].target.measure = $QaMetric#mr-length-diagonal-45-slice5 "Length, diagonal, upper left to lower right, slice 5"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 1, geometric accuracy: 165 mm ± 2 mm"
* goal[=].target.detailRange.low.value = 163
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 167
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Length, diagonal, upper right to lower left, slice 5: limit 163–167 mm"
* goal[=].target.measure = $QaMetric#mr-length-diagonal-135-slice5 "Length, diagonal, upper right to lower left, slice 5"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 1, geometric accuracy: 165 mm ± 2 mm"
* goal[=].target.detailRange.low.value = 163
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 167
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Length, horizontal, slice 1: limit 163–167 mm"
* goal[=].target.measure = $QaMetric#mr-length-horizontal-slice1 "Length, horizontal, slice 1"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 1, geometric accuracy: 165 mm ± 2 mm"
* goal[=].target.detailRange.low.value = 163
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 167
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Length, vertical, slice 1: limit 163–167 mm"
* goal[=].target.measure = $QaMetric#mr-length-vertical-slice1 "Length, vertical, slice 1"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 1, geometric accuracy: 165 mm ± 2 mm"
* goal[=].target.detailRange.low.value = 163
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 167
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "High-contrast resolution, upper left arrays: limit ≤ 1 mm"
* goal[=].target.measure = $QaMetric#mr-high-contrast-resolution-ul "High-contrast resolution, upper left arrays"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 2, high-contrast spatial resolution: 1.0 mm or better in both directions"
* goal[=].target.detailRange.high.value = 1
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "High-contrast resolution, lower right arrays: limit ≤ 1 mm"
* goal[=].target.measure = $QaMetric#mr-high-contrast-resolution-lr "High-contrast resolution, lower right arrays"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 2, high-contrast spatial resolution: 1.0 mm or better in both directions"
* goal[=].target.detailRange.high.value = 1
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Length, superior to inferior, localizer: limit 132–136 mm"
* goal[=].target.measure = $QaMetric#mr-length-superior-inferior "Length, superior to inferior, localizer"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 1, geometric accuracy: 134 mm ± 2 mm"
* goal[=].target.detailRange.low.value = 132
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 136
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Slice thickness: limit 4.25–5.75 mm; nominal slice thickness from 4.95 to below 5.05 mm"
* goal[=].target.measure = $QaMetric#mr-slice-thickness "Slice thickness"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 3, slice thickness accuracy: 5.0 mm ± 0.75 mm for a nominal 5 mm"
* goal[=].target.detailRange.low.value = 4.25
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 5.75
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Slice position error, slice 1: limit -5 to 5 mm"
* goal[=].target.measure = $QaMetric#mr-slice-position-error-slice1 "Slice position error, slice 1"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 4, slice position accuracy: bar length difference of at most 5 mm either way"
* goal[=].target.detailRange.low.value = -5
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 5
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Slice position error, slice 11: limit -5 to 5 mm"
* goal[=].target.measure = $QaMetric#mr-slice-position-error-slice11 "Slice position error, slice 11"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 4, slice position accuracy: bar length difference of at most 5 mm either way"
* goal[=].target.detailRange.low.value = -5
* goal[=].target.detailRange.low.unit = "mm"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #mm
* goal[=].target.detailRange.high.value = 5
* goal[=].target.detailRange.high.unit = "mm"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #mm
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Percent image uniformity: limit ≥ 85 %; field strength from 0.1 to below 2.5 T"
* goal[=].target.measure = $QaMetric#mr-percent-image-uniformity "Percent image uniformity"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 5, image intensity uniformity: at least 85 % below 3 T"
* goal[=].target.detailRange.low.value = 85
* goal[=].target.detailRange.low.unit = "%"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #%
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Percent image uniformity: limit ≥ 80 %; field strength from 2.5 to below 3.5 T"
* goal[=].target.measure = $QaMetric#mr-percent-image-uniformity "Percent image uniformity"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 5, image intensity uniformity: at least 80 % at 3 T"
* goal[=].target.detailRange.low.value = 80
* goal[=].target.detailRange.low.unit = "%"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #%
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Percent signal ghosting: limit ≤ 3 %"
* goal[=].target.measure = $QaMetric#mr-percent-signal-ghosting "Percent signal ghosting"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 6, percent-signal ghosting: at most 3.0 %"
* goal[=].target.detailRange.high.value = 3
* goal[=].target.detailRange.high.unit = "%"
* goal[=].target.detailRange.high.system = $UCUM
* goal[=].target.detailRange.high.code = #%
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Low-contrast spokes seen, slices 8 to 11: limit ≥ 37 spokes; field strength from 2.5 to below 3.5 T, repetition time from 450 to below 550 ms, echo time from 15 to below 25 ms"
* goal[=].target.measure = $QaMetric#mr-low-contrast-spokes "Low-contrast spokes seen, slices 8 to 11"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 7, low-contrast object detectability: at least 37 spokes at 3 T, ACR T1 series"
* goal[=].target.detailRange.low.value = 37
* goal[=].target.detailRange.low.unit = "spokes"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #{spokes}
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Low-contrast spokes seen, slices 8 to 11: limit ≥ 37 spokes; field strength from 2.5 to below 3.5 T, repetition time from 1800 to below 2200 ms, echo time from 70 to below 90 ms"
* goal[=].target.measure = $QaMetric#mr-low-contrast-spokes "Low-contrast spokes seen, slices 8 to 11"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 7, low-contrast object detectability: at least 37 spokes at 3 T, ACR T2 series"
* goal[=].target.detailRange.low.value = 37
* goal[=].target.detailRange.low.unit = "spokes"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #{spokes}
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Low-contrast spokes seen, slices 8 to 11: limit ≥ 30 spokes; field strength from 1.4 to below 2.5 T, repetition time from 450 to below 550 ms, echo time from 15 to below 25 ms"
* goal[=].target.measure = $QaMetric#mr-low-contrast-spokes "Low-contrast spokes seen, slices 8 to 11"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 7, low-contrast object detectability: at least 30 spokes from 1.5 T to below 3 T, ACR T1 series"
* goal[=].target.detailRange.low.value = 30
* goal[=].target.detailRange.low.unit = "spokes"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #{spokes}
* goal[+].category = $QaRangeType#action-limit "Action limit"
* goal[=].description.text = "Low-contrast spokes seen, slices 8 to 11: limit ≥ 25 spokes; field strength from 1.4 to below 2.5 T, repetition time from 1800 to below 2200 ms, echo time from 70 to below 90 ms"
* goal[=].target.measure = $QaMetric#mr-low-contrast-spokes "Low-contrast spokes seen, slices 8 to 11"
* goal[=].documentation.type = #citation
* goal[=].documentation.citation = "ACR MRI Accreditation Program, Large and Medium Phantom Test Guidance, October 2022, section 7, low-contrast object detectability: at least 25 spokes from 1.5 T to below 3 T, ACR T2 series"
* goal[=].target.detailRange.low.value = 25
* goal[=].target.detailRange.low.unit = "spokes"
* goal[=].target.detailRange.low.system = $UCUM
* goal[=].target.detailRange.low.code = #{spokes}
