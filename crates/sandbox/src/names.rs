//! Made-up titles, descriptions, tags and people, in many scripts and with every trap that free
//! text holds for a table.

/// Titles; most clips get a number behind theirs.
pub(crate) const TITLES: [&str; 56] = [
    "Weekly walk-through",
    "How to file an expense claim",
    "Release notes, spoken",
    "Onboarding: your first morning",
    "Bug on the checkout page",
    "Design review of the map view",
    "Customer call, short version",
    "Retrospective of the harvest sprint",
    "Screen recording",
    "Question about the tide tables",
    "Demo for the night shift",
    "Lab notebook, page by page",
    "Ventilation check in hall C",
    "Budget draft, second pass",
    "Réunion d'équipe à Besançon",
    "Übung für den Frühdienst",
    "Visita guiada por el almacén",
    "Przegląd umów",
    "Haftalık özet: ışık ve gölge",
    "Hướng dẫn cài đặt máy in",
    "Обзор складских остатков",
    "Как настроить датчик уровня",
    "Звіт за тиждень",
    "Εισαγωγή στο νέο σύστημα",
    "Ανασκόπηση του έργου",
    "شرح لوحة المتابعة",
    "ملخص اجتماع الصباح",
    "סקירה שבועית של המעבדה",
    "הדרכה לעובדים חדשים",
    "साप्ताहिक समीक्षा",
    "नया फ़ॉर्म कैसे भरें",
    "每周产品演示",
    "如何申请休假",
    "週次レビューの録画",
    "新しい倉庫の案内",
    "주간 업무 보고",
    "신입 사원 안내 영상",
    "สรุปงานประจำสัปดาห์",
    "วิธีใช้เครื่องพิมพ์ใหม่",
    "🎬 Trailer for the open day",
    "🚀🌒 launch diary",
    "👩‍🔬 sample handling 👨🏽‍🌾",
    "e\u{301}tude with combining marks",
    "He said \"ship it\", twice",
    "Path C:\\clips\\new\\table",
    "First line\nSecond line",
    "Windows line\r\nand the next",
    "Columns\tin\ta\ttitle",
    "=SUM(A1:A9) explained",
    "=HYPERLINK(\"https://lake.example\",\"open\")",
    "+1 for the new layout",
    "@everyone: please watch",
    "-5 degrees, field test",
    "a,b;c|d",
    "<b>bold</b> & 'quoted'",
    "bell \u{7} and separator \u{2028} inside",
];

/// Descriptions.
pub(crate) const DESCRIPTIONS: [&str; 22] = [
    "Recorded at my desk, no script.",
    "What changed, why, and what to try first.",
    "For everybody who missed the meeting on Thursday.",
    "Steps:\n1. open the panel\n2. press both keys\n3. wait for the green lamp",
    "He asked: \"is it safe?\" The answer is in minute two.",
    "Kurzfassung für Eilige; die lange Fassung folgt.",
    "Version courte, sans le passage sur les coûts.",
    "Краткий пересказ для тех, кто был в дороге.",
    "Σύντομη περιγραφή της διαδικασίας.",
    "وصف قصير للخطوات الأساسية",
    "תיאור קצר של השינוי",
    "इस क्लिप में केवल मुख्य बातें हैं।",
    "只讲重点,三分钟。",
    "要点だけを三分で説明します。",
    "핵심만 삼 분 안에 설명합니다.",
    "อธิบายเฉพาะประเด็นสำคัญ",
    "👍 thanks to the whole crew 🧡",
    "=1+1 is not a formula here",
    "-- draft, do not share --",
    "@lena please check the numbers",
    "A long one. It goes on about the pump, the valve, the second valve, the gauge that nobody \
     trusts, and the evening on which all of them were replaced, one after the other, while the \
     plant kept running; whoever has to do this again should watch it to the end.",
    "    leading and trailing space    ",
];

/// Tags.
pub(crate) const TAGS: [&str; 16] = [
    "demo",
    "training",
    "q3",
    "how-to",
    "incident",
    "design",
    "sales",
    "Größe",
    "обучение",
    "教程",
    "デモ",
    "교육",
    "تدريب",
    "=tag",
    "two words",
    "🎓",
];

/// First names of the people who own clips.
pub(crate) const FIRST_NAMES: [&str; 16] = [
    "Amina", "Bruno", "Chiara", "Dmitri", "Elif", "Farid", "Greta", "Hiro", "Ines", "Jonas",
    "Kavya", "Lena", "Mateo", "Noor", "Olga", "Zoë",
];

/// Last names of the people who own clips.
pub(crate) const LAST_NAMES: [&str; 16] = [
    "Abel",
    "Brandt",
    "Castro",
    "Demir",
    "Eriksen",
    "Fontaine",
    "Grünwald",
    "Haddad",
    "Ito",
    "Joshi",
    "Kowalska",
    "Lindqvist",
    "Moreau",
    "Nakamura",
    "Okafor",
    "Petrov",
];

/// Departments.
pub(crate) const DEPARTMENTS: [&str; 8] = [
    "Field service",
    "Finance",
    "Research",
    "Support",
    "Werkstatt",
    "営業部",
    "Legal, risk & audit",
    "",
];

/// The texts as they stand in JSON, without the quotes around them.
#[derive(Debug)]
pub(crate) struct Escaped {
    pub(crate) titles: Vec<String>,
    pub(crate) descriptions: Vec<String>,
    pub(crate) tags: Vec<String>,
}

impl Escaped {
    pub(crate) fn new() -> Escaped {
        let all = |texts: &[&str]| texts.iter().map(|text| escape(text)).collect();
        Escaped {
            titles: all(&TITLES),
            descriptions: all(&DESCRIPTIONS),
            tags: all(&TAGS),
        }
    }
}

/// A text as it stands in JSON, without the quotes around it.
pub(crate) fn escape(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    let inner = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_texts_read_back() {
        let escaped = Escaped::new();
        for (raw, text) in TITLES.iter().zip(&escaped.titles) {
            let back: String = serde_json::from_str(&format!("\"{text}\"")).unwrap();
            assert_eq!(&back, raw);
        }
    }
}
