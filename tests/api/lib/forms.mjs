// Synthetic applicants: district 320599 does not exist, the numbers' check digits are right.
const usccAlphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY';

// GB 11714: weights 3 7 9 10 5 8 4 2, letters from A = 10.
export function organizationCode(n) {
	const body = `MAX${String(n).padStart(5, '0')}`;
	const weights = [3, 7, 9, 10, 5, 8, 4, 2];
	const sum = [...body].reduce((s, c, i) => s + parseInt(c, 36) * weights[i], 0);
	const check = 11 - (sum % 11);
	return body + (check === 10 ? 'X' : check === 11 ? '0' : String(check));
}

// GB 32100: weights 3^i mod 31.
export function creditCode(n) {
	const body = `91320599${organizationCode(n)}`;
	let weight = 1, sum = 0;
	for (const c of body) {
		sum += usccAlphabet.indexOf(c) * weight;
		weight = (weight * 3) % 31;
	}
	return body + usccAlphabet[(31 - (sum % 31)) % 31];
}

// GB 11643: ISO 7064 MOD 11-2.
export function residentId(birth, order) {
	const body = `320599${birth.replaceAll('-', '')}${String(order).padStart(3, '0')}`;
	const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
	const sum = [...body].reduce((s, c, i) => s + Number(c) * weights[i], 0);
	return body + '10X98765432'[sum % 11];
}

export const organizationForm = (n, changes = {}) => ({
	name: `虚构第${n}置业有限公司`,
	uscc: creditCode(n),
	postcode: '215400', phone: '0512-53990001', address: `太仓市虚构路${n}号`,
	legal_rep_name: '虚构王三', legal_rep_id: residentId('1900-12-31', 3),
	operator_name: '虚构赵四', operator_id: residentId('1901-06-07', 14),
	operator_mobile: '13900000001', operator_email: 'jia@example.invalid',
	certificate_type: 'land_mineral_trading', copies: 1, declaration: true,
	...changes,
});

export const personForm = (n, changes = {}) => ({
	name: `虚构第${n}人`, sex: 'male', birth: '1970-01-01',
	employer: '太仓虚构研究院', province: '江苏省', city: '苏州市', district: '太仓市', address: `太仓市虚构路${n}号`,
	postcode: '215400', email: 'zhang@example.invalid', mobile: '13900000002',
	id_type: 'resident_id', id_number: residentId('1970-01-01', (2 * n + 1) % 1000), carrier: 'SOFT', declaration: true,
	...changes,
});

export const required = {
	organization: ['name', 'uscc', 'postcode', 'phone', 'address', 'legal_rep_name', 'legal_rep_id', 'operator_name', 'operator_id',
		'operator_mobile', 'operator_email', 'certificate_type', 'copies', 'declaration'],
	person: ['name', 'sex', 'birth', 'employer', 'province', 'city', 'district', 'address', 'postcode', 'email', 'mobile',
		'id_type', 'id_number', 'carrier', 'declaration'],
};
