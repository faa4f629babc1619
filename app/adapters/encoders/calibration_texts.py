"""Texts for calibrating an int8 encoder, and others for measuring number formats."""

from __future__ import annotations

import random
from collections.abc import Sequence

_WORDS = (3, 6, 12, 25, 50, 90, 130, 160)  # lengths of the pieces: a question to a full chunk


def calibration_texts(count: int = 64) -> list[str]:
    return _pieces(_CALIBRATION.split(), count, _WORDS)


def probe_texts(count: int = 16, words: int | None = None) -> list[str]:
    """No calibration text is among them; 120 words are about 184 tokens."""
    return _pieces(_HELD_OUT.split(), count, _WORDS if words is None else (words,))


def _pieces(words: Sequence[str], count: int, lengths: Sequence[int]) -> list[str]:
    """The same texts in each call."""
    chance = random.Random(1)  # noqa: S311  (not a secret)
    pieces = []
    for number in range(count):
        length = lengths[number % len(lengths)]
        start = chance.randrange(len(words) - length)
        pieces.append(" ".join(words[start : start + length]))
    return pieces


_CALIBRATION = (
    "The ferry leaves the northern harbour at a quarter past six in winter and at half past five from May to "
    "September. Passengers with bicycles board first, through the stern door, and stand on the left of the car"
    " deck until the second bell. In heavy weather the crossing takes up to fifty minutes, and the last return"
    " is cancelled when gusts pass 24 metres a second.\n"
    "Revenue for the third quarter rose 12.4% to $48.2 million, compared with $42.9 million a year earlier; "
    "gross margin narrowed from 61.3% to 59.8% because of higher freight costs. Operating expenses include a "
    "one-off charge of $1.7 million for the closure of the Rotterdam warehouse. The board proposes a dividend "
    "of $0.35 per share, payable on 14 March 2025.\n"
    "| Region | 2021 | 2022 | 2023 | Change |\n"
    "| North | 1,204 | 1,377 | 1,512 | +9.8% |\n"
    "| South | 988 | 1,015 | 942 | -7.2% |\n"
    "| Islands | 71 | 64 | 83 | +29.7% |\n"
    "We study sparse attention in encoder models and show that restricting each head to a window of 64 tokens "
    "loses less than half a point of accuracy on four of the five benchmarks (Table 3), while memory falls by "
    "a factor of 3.1. Let x denote the input sequence and W_q, W_k, W_v the projections; the output of a head "
    "is softmax(QK^T / sqrt(d)) V, computed per window. Ablations appear in Appendix B.\n"
    "To replace the filter, switch off the pump, close both valves and wait until the pressure gauge reads "
    "zero. Unscrew the housing counter-clockwise with the key supplied (part no. 8841-B). Check the O-ring for"
    " cracks; grease it with silicone, never with mineral oil. Warning: do not operate the unit without a "
    "filter. See Figure 7.\n"
    "def merge(left, right): result = []; while left and right: result.append(left.pop(0) if left[0] <= "
    "right[0] else right.pop(0)); return result + left + right\n"
    "The defendant argues that clause 14(b) excludes liability for indirect loss. The tribunal does not agree:"
    " read together with clause 9, the exclusion applies only where the supplier gave notice within ten "
    "working days, which, on the evidence of Ms Okafor, it did not. The appeal is dismissed with costs.\n"
    "Patients in the treatment arm (n = 214) received 40 mg daily for twelve weeks. The primary endpoint, "
    "change in systolic blood pressure from baseline, was -9.6 mmHg (95% CI -11.2 to -8.0) against -3.1 mmHg "
    "in the placebo arm; p < 0.001. Headache and dizziness were the most common adverse events. Three patients"
    " withdrew consent.\n"
    "Hi Martin, thanks for the draft! Two small things: the logo on page 2 is still the old one, and the "
    "totals on slide 11 don't add up (I get 1,340, not 1,304). Could you send the new version by Thursday "
    "noon? Anna will be in the Lisbon office from Monday. Best, Joanna\n"
    "In the autumn of 1783 the brothers sent up a sheep, a duck and a cockerel from the courtyard of the "
    "palace, before the king and a crowd of many thousands. The balloon, painted blue and gold, stayed in the "
    "air for eight minutes and came down in a wood some two miles away. The animals were unharmed, although "
    "the cockerel's wing had been kicked by the sheep.\n"
    "Preheat the oven to 200 °C. Rub the butter into the flour until it looks like breadcrumbs, stir in the "
    "sugar and a pinch of salt, then bind with the yolk and two tablespoons of cold water. Chill for half an "
    "hour. Bake blind for 15 minutes, add the plums, cut side up, and bake for 35 minutes more.\n"
    "ERROR 2024-02-11T08:14:55Z worker-3 connection to 10.0.4.17:5432 refused (attempt 4 of 5); retrying in "
    "8000 ms. See https://status.example.org/incidents/5521 for details.\n"
    "Glaciers in the western range lost on average 0.9 m of water equivalent a year between 2006 and 2018, "
    "twice the rate of the preceding decades. Loss was greatest at low elevations and on south-facing slopes; "
    "debris cover thicker than half a metre halved it. Projections under the intermediate scenario leave about"
    " a third of the present volume at the end of the century.\n"
    "Contents: 1 Introduction; 2 Scope and definitions; 3 Responsibilities of the operator; 4 Reporting; 4.1 "
    "Annual statement; 4.2 Incidents; 5 Penalties; Annex I List of substances; Annex II Forms.\n"
    "What is the warranty period? How many employees worked in the Oslo office in 2019? Which chart shows the "
    "share of rail? Who signed the agreement, and when?\n"
    "The new tram line will run from the university hospital to the old docks, with eleven stops and a journey"
    " time of 22 minutes. Construction of the first section begins in spring; during that time buses 5 and 18 "
    "are diverted along the river. Residents can see the plans in the town hall until the end of the month and"
    " comment online.\n"
    "Photosynthesis takes place in the chloroplasts of the leaf cells. Chlorophyll absorbs mainly red and blue"
    " light; the green is reflected, which is why leaves look green. In the first stage, water is split, "
    "oxygen is given off and the energy of light is stored in ATP and NADPH; in the second, carbon dioxide is "
    "built into sugar.\n"
    "Figure 4: Median household electricity use by month, 2018-2022, in kWh. Shaded areas show the "
    "interquartile range. Source: national statistics office.\n"
)

_HELD_OUT = (
    "Our survey asked 1,862 commuters in six cities how they travel to work and why. Just under half drive "
    "alone (47%), a quarter take the train or the underground, 14% cycle, and the rest walk, share a car or "
    "work at home on most days. Those who changed from car to bicycle in the past two years name cost first, "
    "health second and the state of the roads third. Rain matters less than employers believe: only one in "
    "nine cyclists takes the car when it is wet. Secure parking at the workplace has the strongest effect of "
    "all measures tested, with an odds ratio of 2.3 (1.8 to 2.9).\n"
    "The museum's collection began with the bequest of a merchant who had brought home some four hundred "
    "drawings from his travels. It has grown since to over ninety thousand sheets, among them studies by "
    "Rembrandt, Goya and Kollwitz. Because paper suffers from light, no sheet is shown for longer than three "
    "months, and never at more than fifty lux. Visitors may ask for any drawing in the study room, on weekdays"
    " between ten and four, with a day's notice.\n"
    "Each node keeps a log of the operations that it has accepted. A leader, chosen by a majority, appends new"
    " entries and sends them to its followers; an entry is committed once most of them have written it to "
    "disk. If the leader fails, another is elected after a timeout of 150 to 300 ms, drawn at random so that "
    "two candidates seldom stand at once. Clients that meet a follower are redirected. A node that returns "
    "after a long absence receives a snapshot rather than the whole log.\n"
    "Item; quantity; unit price; total. Steel bracket M8; 240; 1.15; 276.00. Washer, zinc; 1,000; 0.04; 40.00."
    " Hinge, left; 36; 7.90; 284.40. Delivery; 1; 18.50; 18.50. Sum without tax 618.90. Tax 19% 117.59. Amount"
    " due 736.49 within 30 days of the invoice date.\n"
    "Bees find their way back by the sun, by landmarks and, near the hive, by scent. A forager that has found "
    "a rich meadow dances on the comb: the angle of her run to the vertical gives the direction relative to "
    "the sun, and the length of the waggle gives the distance, roughly one second for each kilometre. Other "
    "bees follow the dance in the dark, touching her with their antennae, and fly out.\n"
    "The tenant shall keep the interior of the premises in good repair and shall not make structural "
    "alterations without the written consent of the landlord, which is not to be withheld without good reason."
    " The deposit, being three months' rent, is held in a separate account and returned with interest within "
    "sixty days of the end of the lease, less the cost of any damage beyond ordinary wear. Either party may "
    "end the lease by giving six months' notice.\n"
)
