export { type ServerCertificate, selfSigned } from '../../../gateway/demo/certificate.ts';
